using Trinity.AiBridge.Forwarding;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly KeyHealthRegistry _registry = new();

    [Fact]
    public void Next_AllHealthy_WalksThemInOrder() => Assert.Equal(["k0", "k1", "k2"], Walk(Ring(3), Now));

    [Fact]
    public void Next_NoKeys_IsNull() => Assert.Empty(Walk(Ring(0), Now));

    [Fact]
    public void Next_CoolingKey_IsSkippedUntilItHeals()
    {
        var ring = Ring(3);
        CoolDown(1, CooldownReason.Unauthorized, 60);

        Assert.Equal(["k0", "k2"], Walk(ring, Now));
        Assert.Equal(["k0", "k1", "k2"], Walk(ring, Now.AddSeconds(60)));
    }

    [Fact]
    public void Exhausted_SomeRateLimited_Is429WithTheShortestWait()
    {
        var ring = Ring(3);
        CoolDown(0, CooldownReason.RateLimited, 40);
        CoolDown(1, CooldownReason.RateLimited, 20);
        CoolDown(2, CooldownReason.Unauthorized, 60);

        var error = ring.Exhausted(Now);

        Assert.Equal((429, "keys_rate_limited", TimeSpan.FromSeconds(20)), (error.Status, error.Code, error.RetryAfter));
    }

    [Fact]
    public void Exhausted_AllUnauthorized_Is502WithoutAWait()
    {
        var ring = Ring(2);
        CoolDown(0, CooldownReason.Unauthorized, 60);
        CoolDown(1, CooldownReason.Unauthorized, 60);

        var error = ring.Exhausted(Now);

        Assert.Equal((502, "keys_unauthorized", null), (error.Status, error.Code, error.RetryAfter));
    }

    [Fact]
    public void Health_BelongsToTheKeyId_NotToTheRing()
    {
        _ = Ring(2);
        CoolDown(0, CooldownReason.RateLimited, 60);

        Assert.Equal(["k1"], Walk(Ring(2), Now)); // another ring of the same keys, as a reload makes one
    }

    [Fact]
    public void Keep_KeyThatIsGone_IsForgotten()
    {
        _ = Ring(2);
        CoolDown(0, CooldownReason.RateLimited, 60);
        CoolDown(1, CooldownReason.RateLimited, 60);

        _registry.Keep(new HashSet<Guid> { IdOf(1) });

        Assert.Equal(["k0"], Walk(Ring(2), Now));
    }

    private static List<string> Walk(KeyRing ring, DateTimeOffset now)
    {
        List<string> names = [];
        var index = 0;
        while (ring.Next(ref index, now) is { } key)
        {
            names.Add(key.Key.Name!);
        }

        return names;
    }

    private KeyRing Ring(int count) => new(
        [.. Enumerable.Range(0, count).Select(i => new ProviderKey { Id = IdOf(i), Ordinal = i, Name = $"k{i}", Secret = new SecretString($"s{i}"), Hint = "..." })],
        _registry);

    private void CoolDown(int key, CooldownReason reason, int seconds) => _registry.Get(IdOf(key)).CoolDown(reason, TimeSpan.FromSeconds(seconds), Now);

    private static Guid IdOf(int key) => new(key + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
}
