using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Trinity.AiBridge.Proxy;

/// <summary>Gives the web server buffers of 16 KiB instead of its own 4 KiB: agents send hundreds of kilobytes, and each buffer is a system call.</summary>
internal sealed class ConnectionBuffers : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        private const int BufferBytes = 16 * 1024;

        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, BufferBytes));

        protected override void Dispose(bool disposing)
        {
            // The shared pool behind it is not ours.
        }
    }
}
