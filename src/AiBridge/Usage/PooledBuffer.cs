using System.Buffers;

namespace Trinity.AiBridge.Usage;

/// <summary>A growing byte buffer from the shared pool.</summary>
internal sealed class PooledBuffer : IDisposable
{
    private const int KeepBytes = 64 * 1024; // a larger array goes back to the pool after its event

    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public void Append(ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty)
        {
            return;
        }

        if (Length + part.Length > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(256, Math.Max(Length + part.Length, _bytes.Length * 2)));
            Written.CopyTo(larger);
            Return();
            _bytes = larger;
        }

        part.CopyTo(_bytes.AsSpan(Length));
        Length += part.Length;
    }

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > KeepBytes)
        {
            Return();
        }
    }

    public void Dispose()
    {
        Length = 0;
        Return();
    }

    private void Return()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
