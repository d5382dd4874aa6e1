using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class AnonymousQuotaTests
{
    [Fact]
    public void TryTake_SoManyASecond_ThenNoMoreUntilTheNext()
    {
        var time = new ManualTimeProvider();
        var quota = new AnonymousQuota(time);

        Assert.Equal(AnonymousQuota.PerSecond, Enumerable.Range(0, 1000).Count(_ => quota.TryTake()));
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(quota.TryTake());
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(AnonymousQuota.PerSecond, Enumerable.Range(0, 1000).Count(_ => quota.TryTake()));
    }
}
