using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class BodyBuffersTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly BodyBuffers _buffers;

    public BodyBuffersTests() => _buffers = new BodyBuffers(_time);

    public void Dispose() => _buffers.Dispose();

    [Theory]
    [InlineData(0, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 2048)]
    [InlineData(200_000, 256 * 1024)]
    [InlineData(BodyBuffers.LongestKeptBytes, BodyBuffers.LongestKeptBytes)]
    [InlineData(BodyBuffers.LongestKeptBytes + 1, 2 * BodyBuffers.LongestKeptBytes)]
    public void Rent_AnyLength_IsTheNextPowerOfTwo(int wanted, int length) => Assert.Equal(length, _buffers.Rent(wanted).Length);

    [Fact]
    public void Rent_AsManyAsBefore_AllocatesNothing()
    {
        var first = RentMany(100, 200_000);
        ReturnAll(first);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var again = RentMany(100, 200_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000); // the array of arrays
        Assert.Equal(100, again.Intersect(first, ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Rent_TwiceWithoutReturn_NeverLendsABufferTwice()
    {
        ReturnAll(RentMany(10, 5000));
        Assert.Equal(20, RentMany(20, 5000).Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Return_MoreThanTheBound_KeepsAsMuchAsTheBound()
    {
        const int Length = 1024 * 1024;
        const int MostKept = BodyBuffers.MostKeptBytes / Length;
        var first = RentMany(MostKept + 5, Length);
        ReturnAll(first);
        Assert.Equal(MostKept, RentMany(MostKept + 5, Length).Intersect(first, ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Return_WhenFull_KeepsTheShorter()
    {
        const int Longer = 1024 * 1024;
        var longer = RentMany(BodyBuffers.MostKeptBytes / Longer, Longer);
        var shorter = RentMany(10, 200_000);
        ReturnAll(longer);
        ReturnAll(shorter);
        Assert.Equal(10, RentMany(10, 200_000).Intersect(shorter, ReferenceEqualityComparer.Instance).Count());
        Assert.Equal(longer.Length - 3, RentMany(longer.Length, Longer).Intersect(longer, ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Trimming_LetsGoOfWhatNobodyNeededMeanwhile()
    {
        var first = RentMany(10, 5000);
        ReturnAll(first);
        _time.Advance(BodyBuffers.TrimInterval); // ten are free from here on
        ReturnAll(RentMany(3, 5000));
        _time.Advance(BodyBuffers.TrimInterval); // of which three were needed
        Assert.Equal(3, RentMany(10, 5000).Intersect(first, ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Trimming_MakesRoomForOthers()
    {
        ReturnAll(RentMany(BodyBuffers.MostKeptBytes / BodyBuffers.LongestKeptBytes, BodyBuffers.LongestKeptBytes));
        _time.Advance(BodyBuffers.TrimInterval);
        _time.Advance(BodyBuffers.TrimInterval);
        var other = _buffers.Rent(5000);
        _buffers.Return(other);
        Assert.Same(other, _buffers.Rent(5000));
    }

    [Fact]
    public void RentAndReturn_ByManyAtOnce_NeverShareABuffer()
    {
        var shared = 0;
        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var buffer = _buffers.Rent(1 + (i * 37 % 9000));
                buffer[0] = (byte)worker;
                buffer[^1] = (byte)worker;
                Thread.Yield();
                if (buffer[0] != worker || buffer[^1] != worker)
                {
                    Interlocked.Increment(ref shared);
                }

                _buffers.Return(buffer);
            }
        });
        Assert.Equal(0, shared);
    }

    private byte[][] RentMany(int count, int bytes)
    {
        var rented = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            rented[i] = _buffers.Rent(bytes);
        }

        return rented;
    }

    private void ReturnAll(byte[][] rented)
    {
        foreach (var buffer in rented)
        {
            _buffers.Return(buffer);
        }
    }
}
