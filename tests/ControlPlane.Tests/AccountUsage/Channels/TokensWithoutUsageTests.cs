using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class TokensWithoutUsageTests
{
    [Fact]
    public void Add_MoreThanThereIsRoomFor_ForgetsTheOldest()
    {
        var time = new ManualTimeProvider();
        var tokens = new TokensWithoutUsage(time);
        for (var i = 0; i <= TokensWithoutUsage.Capacity; i++)
        {
            tokens.Add($"{i}");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(tokens.Contains("0"));
        Assert.All(Enumerable.Range(1, TokensWithoutUsage.Capacity), i => Assert.True(tokens.Contains($"{i}")));
    }

    [Fact]
    public void Add_KnownTokenWhenFull_ForgetsNone()
    {
        var tokens = new TokensWithoutUsage(new ManualTimeProvider());
        for (var i = 0; i < TokensWithoutUsage.Capacity; i++)
        {
            tokens.Add($"{i}");
        }

        tokens.Add("7");

        Assert.All(Enumerable.Range(0, TokensWithoutUsage.Capacity), i => Assert.True(tokens.Contains($"{i}")));
    }

    [Fact]
    public void Contains_AfterADay_HasForgotten()
    {
        var time = new ManualTimeProvider();
        var tokens = new TokensWithoutUsage(time);
        tokens.Add("one");

        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        Assert.True(tokens.Contains("one"));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(tokens.Contains("one"));
    }
}
