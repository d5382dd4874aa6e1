using Trinity.AiBridge.Forwarding;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class KeyHealthTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly KeyHealth _health = new();

    [Fact]
    public void Remaining_NewKey_IsZero()
    {
        Assert.Equal(TimeSpan.Zero, _health.Remaining(Now, out var reason));
        Assert.Equal(CooldownReason.None, reason);
    }

    [Fact]
    public void Remaining_CoolingKey_RunsOutByItself()
    {
        _health.CoolDown(CooldownReason.RateLimited, TimeSpan.FromSeconds(10), Now);

        Assert.Equal(TimeSpan.FromSeconds(4), _health.Remaining(Now.AddSeconds(6), out var reason));
        Assert.Equal(CooldownReason.RateLimited, reason);
        Assert.Equal(TimeSpan.Zero, _health.Remaining(Now.AddSeconds(10), out reason));
        Assert.Equal(CooldownReason.None, reason);
    }

    [Fact]
    public void CooldownAt_CoolingKey_IsThereUntilItIsOver()
    {
        Assert.Null(_health.CooldownAt(Now));
        _health.CoolDown(CooldownReason.Unauthorized, TimeSpan.FromSeconds(10), Now);

        Assert.Equal(new Cooldown(CooldownReason.Unauthorized, Now.AddSeconds(10)), _health.CooldownAt(Now.AddSeconds(9)));
        Assert.Null(_health.CooldownAt(Now.AddSeconds(10)));
    }

    [Fact]
    public void CoolDown_ShorterThanTheRunningOne_IsIgnored()
    {
        _health.CoolDown(CooldownReason.RateLimited, TimeSpan.FromSeconds(100), Now);
        _health.CoolDown(CooldownReason.Unauthorized, TimeSpan.FromSeconds(60), Now.AddSeconds(10));

        Assert.Equal(TimeSpan.FromSeconds(90), _health.Remaining(Now.AddSeconds(10), out var reason));
        Assert.Equal(CooldownReason.RateLimited, reason);
    }

    [Fact]
    public void CoolDown_LongerThanTheRunningOne_TakesOver()
    {
        _health.CoolDown(CooldownReason.RateLimited, TimeSpan.FromSeconds(10), Now);
        _health.CoolDown(CooldownReason.Unauthorized, TimeSpan.FromSeconds(60), Now);

        Assert.Equal(TimeSpan.FromSeconds(60), _health.Remaining(Now, out var reason));
        Assert.Equal(CooldownReason.Unauthorized, reason);
    }

    [Fact]
    public void CoolDown_ForAWeek_IsCutSoThatTheKeyIsProbed()
    {
        _health.CoolDown(CooldownReason.RateLimited, TimeSpan.FromDays(7), Now);

        Assert.Equal(KeyHealth.MaxCooldown, _health.Remaining(Now, out _));
    }

    [Fact]
    public async Task CoolDown_FromManyThreads_TheLatestDeadlineStays()
    {
        await Parallel.ForAsync(1, 1001, (seconds, _) =>
        {
            _health.CoolDown(CooldownReason.RateLimited, TimeSpan.FromMilliseconds(seconds), Now);
            return ValueTask.CompletedTask;
        });

        Assert.Equal(TimeSpan.FromSeconds(1), _health.Remaining(Now, out _));
    }
}
