using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Trinity.AiBridge.Proxy;

/// <summary>Gives the web server buffers of 16 KiB instead of its own 4 KiB: agents send hundreds of kilobytes, and each buffer is a system call.</summary>
internal sealed class ConnectionBuffers : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    /// <summary>Keeps what is given back, up to a bound. The shared array pool keeps too few for bodies of a dozen buffers.</summary>
    /// <remarks><c>_free</c> is concurrent. A buffer is in it or with one renter, never both: giving it back twice is harmless.</remarks>
    private sealed class Pool : MemoryPool<byte>
    {
        private const int BufferBytes = 16 * 1024;
        private const int MostKept = 512; // 8 MiB

        private readonly ConcurrentQueue<Buffer> _free = new();
        private int _kept; // may be off by the buffers that are just being given back

        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            if (minBufferSize > BufferBytes)
            {
                return Shared.Rent(minBufferSize);
            }

            if (!_free.TryDequeue(out var buffer))
            {
                return new Buffer(this);
            }

            Interlocked.Decrement(ref _kept);
            buffer.Take();
            return buffer;
        }

        protected override void Dispose(bool disposing) => _free.Clear();

        private void GiveBack(Buffer buffer)
        {
            if (Interlocked.Increment(ref _kept) <= MostKept)
            {
                _free.Enqueue(buffer);
            }
            else
            {
                Interlocked.Decrement(ref _kept);
            }
        }

        private sealed class Buffer(Pool pool) : IMemoryOwner<byte>
        {
            private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BufferBytes);
            private int _taken = 1;

            public Memory<byte> Memory => _bytes;

            public void Take() => Volatile.Write(ref _taken, 1);

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _taken, 0) == 1)
                {
                    pool.GiveBack(this);
                }
            }
        }
    }
}
