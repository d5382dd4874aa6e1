using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Tests.Telemetry;

public sealed class LabelCapTests
{
    [Fact]
    public void Of_WithinTheCapacity_IsTheValue()
    {
        var cap = new LabelCap(2);

        Assert.Equal(["a", "b", "a"], new[] { "a", "b", "a" }.Select(cap.Of));
    }

    [Fact]
    public void Of_BeyondTheCapacity_IsOtherWhileKnownOnesStay()
    {
        var cap = new LabelCap(2);

        Assert.Equal(["a", "b", "other", "other", "a", "b"], new[] { "a", "b", "c", "d", "a", "b" }.Select(cap.Of));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Of_Nothing_IsUnknown(string? value) => Assert.Equal("unknown", new LabelCap(1).Of(value));

    [Fact]
    public void Of_OverlongValue_IsOtherAndTakesNoPlace()
    {
        var cap = new LabelCap(1);

        Assert.Equal("other", cap.Of(new string('x', 101)));
        Assert.Equal("a", cap.Of("a"));
    }

    [Fact]
    public async Task Of_ManyThreadsWithNewValues_StaysBounded()
    {
        var cap = new LabelCap(10);
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, byte>();

        await Parallel.ForAsync(0, 10_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, (i, _) =>
        {
            seen[cap.Of($"value-{i}")] = 0;
            return ValueTask.CompletedTask;
        });

        Assert.InRange(seen.Count, 2, 10 + 1 + 4); // the capacity, "other", and one overshoot per thread
    }
}
