using System.Buffers.Binary;

namespace Trinity.ControlPlane.Containers;

/// <summary>Takes apart the engine's multiplexed output: frames of 8 bytes head (stream, three zeros, length) and content, which arrive split anywhere.</summary>
internal sealed class LogFrames(Func<Memory<byte>, Task<int>> read)
{
    private const int HeadLength = 8;
    private const byte StandardError = 2;

    private readonly byte[] _head = new byte[HeadLength];
    private readonly byte[] _content = new byte[16 * 1024];
    private uint _left; // of the frame's content

    public bool IsError { get; private set; }

    /// <summary>The next piece of a frame's content, good until the next call; empty at the end.</summary>
    /// <exception cref="EngineException">It ends within a frame, or these are no frames.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync()
    {
        while (_left == 0)
        {
            if (!await ReadHeadAsync())
            {
                return default;
            }
        }

        var count = await read(_content.AsMemory(0, (int)Math.Min(_left, (uint)_content.Length)));
        if (count == 0)
        {
            throw BrokenOff();
        }

        _left -= (uint)count;
        return _content.AsMemory(0, count);
    }

    private async ValueTask<bool> ReadHeadAsync()
    {
        var filled = 0;
        while (filled < HeadLength)
        {
            var count = await read(_head.AsMemory(filled));
            if (count == 0)
            {
                return filled == 0 ? false : throw BrokenOff();
            }

            filled += count;
        }

        if (_head[0] > StandardError || _head.AsSpan(1, 3).IndexOfAnyExcept((byte)0) >= 0)
        {
            throw new EngineException(EngineFault.Failed, "The container engine's output is not in frames, as that of a container without a terminal should be.");
        }

        IsError = _head[0] == StandardError;
        _left = BinaryPrimitives.ReadUInt32BigEndian(_head.AsSpan(4));
        return true;
    }

    private static EngineException BrokenOff() => new(EngineFault.Unreachable, "The container engine broke off in the middle of a container's output.");
}
