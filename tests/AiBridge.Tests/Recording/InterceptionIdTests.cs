using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class InterceptionIdTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 17, 12, 34, 56, 789, TimeSpan.Zero);

    [Fact]
    public void Create_IsAUuidOfVersion7WithItsTime()
    {
        var id = InterceptionId.Create(Now);
        var bytes = id.ToByteArray(bigEndian: true);

        Assert.Equal((7, 8), (id.Version, id.Variant & 0xC));
        Assert.Equal(Now.ToUnixTimeMilliseconds(), bytes.Take(6).Aggregate(0L, (value, part) => (value << 8) | part));
    }

    [Fact]
    public void Create_InOneMillisecond_AreAllDifferent()
    {
        Assert.Equal(100_000, Enumerable.Range(0, 100_000).Select(_ => InterceptionId.Create(Now)).Distinct().Count());
    }

    [Fact]
    public void Create_Later_SortsBehind()
    {
        var ids = Enumerable.Range(0, 1000).Select(millisecond => InterceptionId.Create(Now.AddMilliseconds(millisecond))).ToList();

        Assert.Equal(ids, ids.OrderBy(id => id.ToString("D"), StringComparer.Ordinal));
    }
}
