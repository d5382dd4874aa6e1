namespace Trinity.AiBridge.Tests;

public sealed class DiskThreadTests
{
    [Fact]
    public void Dispose_DoesWhatIsStillToBeDone()
    {
        var done = false;
        var disk = new DiskThread();
        disk.Run(() => done = true);

        disk.Dispose();

        Assert.True(done);
    }

    // The thread, which is told that no more comes, may end before the teller has finished telling.
    [Fact]
    public void Dispose_OfOneAtRest_DoesNotThrow() => Assert.Null(Record.Exception(() =>
    {
        for (var i = 0; i < 2000; i++)
        {
            new DiskThread().Dispose();
        }
    }));
}
