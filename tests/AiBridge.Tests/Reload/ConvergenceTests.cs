using Microsoft.Extensions.Options;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.Tests.Reload;

public sealed class ConvergenceTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ChangeSignal _signal = new();
    private readonly Convergence _convergence;

    public ConvergenceTests() => _convergence = new Convergence(_time, _signal, Options.Create(new AiBridgeOptions { UnreadyAfter = TimeSpan.FromMinutes(1) }));

    [Fact]
    public void Saw_TheRevisionThatIsServed_RaisesNothing()
    {
        _convergence.Saw(7, 7);

        Assert.False(_signal.WaitAsync(Timeouts.Token).IsCompleted);
        Assert.False(_convergence.IsStuck);
    }

    [Theory]
    [InlineData(8, 7L)]
    [InlineData(6, 7L)] // a database that was put back from a backup
    [InlineData(8, null)]
    public async Task Saw_AnotherRevision_CallsForAReload(long revision, long? generation)
    {
        _convergence.Saw(revision, generation);

        await _signal.WaitAsync(Timeouts.Token);
    }

    [Fact]
    public void IsStuck_BehindForTooLong_UntilConverged()
    {
        _convergence.Saw(8, 7);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_convergence.IsStuck);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(_convergence.IsStuck);

        _convergence.Saw(8, 8);

        Assert.False(_convergence.IsStuck);
    }

    [Fact]
    public void IsStuck_BehindNewerAndNewerRevisions_CountsFromTheFirst()
    {
        _convergence.Saw(8, 7);
        _time.Advance(TimeSpan.FromSeconds(40));
        _convergence.Saw(9, 7);
        _time.Advance(TimeSpan.FromSeconds(40));

        Assert.True(_convergence.IsStuck);
    }
}
