using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.Tests.Reload;

public sealed class ChangeSignalTests
{
    [Fact]
    public async Task WaitAsync_RaisedManyTimes_WakesOnce()
    {
        var signal = new ChangeSignal();
        for (var i = 0; i < 1000; i++)
        {
            signal.Raise();
        }

        await signal.WaitAsync(Timeouts.Token);

        Assert.False(signal.WaitAsync(Timeouts.Token).IsCompleted);
    }

    [Fact]
    public async Task WaitAsync_RaisedWhileTheReaderIsBusy_IsNotMissed()
    {
        var signal = new ChangeSignal();
        signal.Raise();
        await signal.WaitAsync(Timeouts.Token);

        signal.Raise(); // during the reload that the first one caused

        await signal.WaitAsync(Timeouts.Token);
    }
}
