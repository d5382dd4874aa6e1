using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Tests.Bridges;

namespace Trinity.AiBridge.Tests.Configuration;

public sealed class ConfigSnapshotTests
{
    [Fact]
    public void Serves_TheVeryRevision_Only()
    {
        var provider = PoolBench.Provider();
        var snapshot = PoolBench.Snapshot(1, provider);

        Assert.True(snapshot.Serves(PoolBench.Provider()));
        Assert.False(snapshot.Serves(PoolBench.Provider(key: "sk-other")));
        Assert.False(snapshot.Serves(PoolBench.Provider("other")));
    }

    [Fact]
    public void Serves_ProviderDeletedAndMadeAnewUnderItsName_IsAnother()
    {
        var provider = PoolBench.Provider();
        var anew = provider with { Config = provider.Config with { Id = Guid.CreateVersion7() } };

        Assert.False(PoolBench.Snapshot(1, anew).Serves(provider));
    }

    [Theory]
    [InlineData(ProviderState.Disabled)]
    [InlineData(ProviderState.Error)]
    internal void Serves_ProviderThatIsNotEnabled_IsFalse(ProviderState state)
    {
        var provider = PoolBench.Provider();

        Assert.False(PoolBench.Snapshot(1, provider with { State = state }).Serves(provider));
    }

    [Fact]
    public void Swap_ReturnsTheOneBefore()
    {
        var provider = new ConfigProvider();
        var (one, two) = (PoolBench.Snapshot(1), PoolBench.Snapshot(2));

        Assert.Null(provider.Swap(one));
        Assert.Same(one, provider.Swap(two));
        Assert.Same(two, provider.Current);
    }
}
