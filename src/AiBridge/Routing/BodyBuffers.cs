using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Trinity.AiBridge.Routing;

/// <summary>Buffers for requests' bodies. The shared array pool keeps some thirty of a size for each processor; with more bodies than that on their way each had a new array, and one of 200 KB is a large object, which only a full collection frees.</summary>
/// <remarks><c>_shelves</c> and <c>_keptBytes</c> are guarded by <c>_lock</c>, held for moments. What was not needed for a while is let go, and never more kept than <see cref="MostKeptBytes"/>, of which shorter buffers have the first call.</remarks>
internal sealed class BodyBuffers : IDisposable
{
    /// <summary>The most that waits here for its next use, in bytes.</summary>
    public const int MostKeptBytes = 32 * 1024 * 1024;

    /// <summary>The longest buffer that is kept here, in bytes. Longer ones, which would leave no room for others, are the shared array pool's.</summary>
    public const int LongestKeptBytes = 4 * 1024 * 1024;

    /// <summary>What lay here unused for so long is let go.</summary>
    public static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private const int ShortestBytes = 1024;

    private readonly Lock _lock = new();
    private readonly Shelf[] _shelves = [.. Enumerable.Range(0, Index(LongestKeptBytes) + 1).Select(_ => new Shelf())];
    private readonly ITimer _trimming;
    private int _keptBytes;

    public BodyBuffers(TimeProvider time) =>
        _trimming = time.CreateTimer(static buffers => ((BodyBuffers)buffers!).Trim(), this, TrimInterval, TrimInterval);

    /// <summary>A buffer of <paramref name="bytes"/> or more, with anything in it.</summary>
    public byte[] Rent(int bytes)
    {
        if (bytes > LongestKeptBytes)
        {
            return ArrayPool<byte>.Shared.Rent(bytes);
        }

        var index = Index(bytes);
        lock (_lock)
        {
            if (_shelves[index].TryTake(out var buffer))
            {
                _keptBytes -= buffer.Length;
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(ShortestBytes << index);
    }

    /// <summary>Takes back what <see cref="Rent"/> gave; its renter must not use it any more.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length > LongestKeptBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        var index = Index(buffer.Length);
        lock (_lock)
        {
            MakeRoom(buffer.Length, index);
            if (_keptBytes + buffer.Length <= MostKeptBytes)
            {
                _shelves[index].Free.Push(buffer);
                _keptBytes += buffer.Length;
            }
        }
    }

    public void Dispose() => _trimming.Dispose();

    // The shelf of the shortest buffers that hold so much: 1 KiB, 2 KiB, 4 KiB ...
    private static int Index(int bytes) => BitOperations.Log2((uint)Math.Max(bytes - 1, ShortestBytes - 1)) + 1 - BitOperations.Log2(ShortestBytes);

    // A few long bodies, announced by somebody who sends none of them, must not keep the many shorter ones out.
    private void MakeRoom(int bytes, int index)
    {
        for (var longer = _shelves.Length - 1; longer > index && _keptBytes + bytes > MostKeptBytes;)
        {
            if (_shelves[longer].TryTake(out var buffer))
            {
                _keptBytes -= buffer.Length;
            }
            else
            {
                longer--;
            }
        }
    }

    private void Trim()
    {
        lock (_lock)
        {
            foreach (var shelf in _shelves)
            {
                _keptBytes -= shelf.Trim();
            }
        }
    }

    /// <summary>The free buffers of one length.</summary>
    private sealed class Shelf
    {
        private int _fewest; // that were free since the last trimming: so many nobody needed

        public Stack<byte[]> Free { get; } = new();

        public bool TryTake([NotNullWhen(true)] out byte[]? buffer)
        {
            var taken = Free.TryPop(out buffer);
            _fewest = Math.Min(_fewest, Free.Count);
            return taken;
        }

        /// <returns>How many bytes it has let go.</returns>
        public int Trim()
        {
            var bytes = 0;
            for (; _fewest > 0; _fewest--)
            {
                bytes += Free.Pop().Length;
            }

            _fewest = Free.Count;
            return bytes;
        }
    }
}
