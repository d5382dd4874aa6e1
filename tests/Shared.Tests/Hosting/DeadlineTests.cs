using Trinity.Shared.Hosting;

namespace Trinity.Shared.Tests.Hosting;

public sealed class DeadlineTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Token_TimeIsUp_Fires()
    {
        using var deadline = new Deadline(TimeSpan.FromSeconds(3), _time);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(deadline.Token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Token_EarlierOneFires_FiresToo()
    {
        using var earlier = new CancellationTokenSource();
        using var deadline = new Deadline(TimeSpan.FromSeconds(3), _time, earlier.Token);

        await earlier.CancelAsync();

        Assert.True(deadline.Token.IsCancellationRequested);
    }

    // Out of the timer of a CancellationTokenSource the exception would end the process.
    [Fact]
    public void Token_AListenerThrows_TheOthersAreToldAndTheTimerGoesOn()
    {
        var told = 0;
        using var deadline = new Deadline(TimeSpan.FromSeconds(3), _time);
        using var before = deadline.Token.UnsafeRegister(_ => told++, null);
        using var throwing = deadline.Token.UnsafeRegister(state => throw new ObjectDisposedException("connection"), null);
        using var after = deadline.Token.UnsafeRegister(_ => told++, null);

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(2, told);
    }

    [Fact]
    public async Task Token_AListenerThrowsAndTheEarlierOneFires_ThatOnesOwnerSeesNothing()
    {
        using var earlier = new CancellationTokenSource();
        using var deadline = new Deadline(TimeSpan.FromSeconds(3), _time, earlier.Token);
        using var throwing = deadline.Token.UnsafeRegister(state => throw new ObjectDisposedException("connection"), null);

        await earlier.CancelAsync();

        Assert.True(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void Dispose_BeforeTheTime_NeverFires()
    {
        var deadline = new Deadline(TimeSpan.FromSeconds(3), _time);
        var token = deadline.Token;
        deadline.Dispose();

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.False(token.IsCancellationRequested);
    }
}
