using Trinity.AiBridge.Forwarding;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class KeyHealthRegistryTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly KeyHealthRegistry _registry = new();

    [Fact]
    public void Cooling_NamesKeysThatCoolDownNow_TheLongestFirst()
    {
        var (shortly, longer, over) = (Key(10, CooldownReason.RateLimited), Key(20, CooldownReason.Unauthorized), Key(5, CooldownReason.RateLimited));
        _registry.Get(Guid.CreateVersion7(Now)); // never cooled down

        Assert.Equal(
            [(longer, "unauthorized", 20d), (shortly, "rate_limited", 10d)],
            _registry.Cooling(Now.AddSeconds(5), 10).Select(key => (key.KeyId, key.Cooldown.ReasonName, (key.Cooldown.Until - Now).TotalSeconds)));
        Assert.Contains(_registry.Cooling(Now, 10), key => key.KeyId == over);
    }

    [Fact]
    public void Cooling_MoreThanWanted_LeavesOutTheShortest()
    {
        var keys = Enumerable.Range(1, 20).Select(seconds => Key(seconds, CooldownReason.RateLimited)).ToList();

        Assert.Equal(keys.TakeLast(3).Reverse(), _registry.Cooling(Now, 3).Select(key => key.KeyId));
    }

    [Fact]
    public void Cooling_KeyThatIsGone_IsNotNamed()
    {
        Key(10, CooldownReason.RateLimited);
        var stays = Key(5, CooldownReason.RateLimited);

        _registry.Keep(new HashSet<Guid> { stays });

        Assert.Equal(stays, Assert.Single(_registry.Cooling(Now, 10)).KeyId);
    }

    private Guid Key(int coolsForSeconds, CooldownReason reason)
    {
        var id = Guid.CreateVersion7(Now);
        _registry.Get(id).CoolDown(reason, TimeSpan.FromSeconds(coolsForSeconds), Now);
        return id;
    }
}
