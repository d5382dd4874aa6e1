using System.Buffers;
using Trinity.AiBridge.Proxy;

namespace Trinity.AiBridge.Tests.Proxy;

public sealed class ConnectionBuffersTests : IDisposable
{
    private readonly MemoryPool<byte> _pool = new ConnectionBuffers().Create();

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(-1, 16 * 1024)]
    [InlineData(4096, 16 * 1024)]
    [InlineData(100_000, 100_000)]
    public void Rent_HasAtLeastWhatIsWanted(int wanted, int least)
    {
        using var buffer = _pool.Rent(wanted);
        Assert.InRange(buffer.Memory.Length, least, 2 * least);
    }

    [Fact]
    public void Rent_AfterGivingBack_IsTheSameBuffer()
    {
        var first = _pool.Rent();
        first.Dispose();
        Assert.Same(first, _pool.Rent());
    }

    [Fact]
    public void Dispose_Twice_NeverLendsABufferTwice()
    {
        var first = _pool.Rent();
        first.Dispose();
        first.Dispose();
        Assert.NotSame(_pool.Rent(), _pool.Rent());
    }

    [Fact]
    public void Rent_ManyAtOnce_KeepsABoundedNumber()
    {
        var buffers = Enumerable.Range(0, 2000).Select(_ => _pool.Rent()).ToList();
        Assert.Equal(2000, buffers.Distinct().Count());
        buffers.ForEach(buffer => buffer.Dispose());
        var again = Enumerable.Range(0, 2000).Select(_ => _pool.Rent()).ToList();
        Assert.Equal(512, again.Intersect(buffers).Count());
    }

    [Fact]
    public void Rent_OnManyThreads_LendsEachBufferToOneAtATime()
    {
        Parallel.For(0, 20_000, number =>
        {
            using var buffer = _pool.Rent();
            var mark = (byte)number;
            buffer.Memory.Span[..64].Fill(mark);
            Assert.False(buffer.Memory.Span[..64].ContainsAnyExcept(mark));
        });
    }
}
