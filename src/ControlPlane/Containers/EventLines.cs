using System.Buffers;
using System.Text.Json;

namespace Trinity.ControlPlane.Containers;

/// <summary>Reads the engine's events, one JSON object per line, which arrive split anywhere.</summary>
internal sealed class EventLines(Func<Memory<byte>, Task<int>> read)
{
    private const int LongestLine = 1024 * 1024;
    private const int ReadSize = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _pending = new();
    private int _seen; // of the pending bytes: hold no line's end

    /// <summary>Null at the end.</summary>
    /// <exception cref="EngineException">A line is no event.</exception>
    public async ValueTask<EventReply?> NextAsync()
    {
        while (true)
        {
            if (TakeLine() is { } line)
            {
                if (line.Length > 0)
                {
                    return Parse(line);
                }

                continue;
            }

            var count = await read(_pending.GetMemory(ReadSize)[..ReadSize]);
            if (count == 0)
            {
                return null; // what is pending is half an event: it will be heard of after the reconnect
            }

            _pending.Advance(count);
            if (_pending.WrittenCount > LongestLine)
            {
                throw NotEvents();
            }
        }
    }

    private byte[]? TakeLine()
    {
        var pending = _pending.WrittenSpan;
        var end = pending[_seen..].IndexOf((byte)'\n');
        if (end < 0)
        {
            _seen = pending.Length;
            return null;
        }

        end += _seen;
        var line = pending[..end].Trim("\r "u8).ToArray();
        var rest = pending[(end + 1)..].ToArray();
        _pending.ResetWrittenCount();
        _pending.Write(rest);
        _seen = 0;
        return line;
    }

    private static EventReply Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, EngineJson.Default.EventReply) ?? throw NotEvents();
        }
        catch (JsonException)
        {
            throw NotEvents();
        }
    }

    private static EngineException NotEvents() => new(EngineFault.Failed, "The container engine's events cannot be understood.");
}
