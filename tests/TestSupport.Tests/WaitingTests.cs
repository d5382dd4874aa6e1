namespace Trinity.TestSupport.Tests;

public sealed class WaitingTests
{
    [Fact]
    public async Task Eventually_ConditionTurnsTrue_Returns()
    {
        var looks = 0;

        await Eventually.TrueAsync(() => ++looks == 3, "the third look succeeds");

        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Eventually_NeverTrue_ThrowsWithTheReason()
    {
        var exception = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.TrueAsync(() => false, "pigs fly", TimeSpan.FromMilliseconds(50)));

        Assert.Contains("pigs fly", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TimeoutToken_FiresAfterItsTime()
    {
        var token = Timeouts.After(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(Timeouts.Default, token));
        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public void FreePorts_AreNeverGivenTwice()
    {
        var ports = Enumerable.Range(0, 50).Select(_ => FreePort.Next()).ToList();

        Assert.Equal(50, ports.Distinct().Count());
    }
}
