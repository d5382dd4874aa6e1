using System.Text;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Usage;

/// <summary>Keeps the events that a parser reports.</summary>
internal sealed class CollectedFrames : ISseFrameHandler
{
    public List<(string Name, string Data)> All { get; } = [];

    public static List<(string Name, string Data)> Of(ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> cuts)
    {
        var collected = new CollectedFrames();
        using var parser = new SseFrameParser(collected);
        var start = 0;
        foreach (var cut in cuts)
        {
            parser.Append(bytes[start..cut]);
            start = cut;
        }

        parser.Append(bytes[start..]);
        return collected.All;
    }

    public void OnFrame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) => All.Add((Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(data)));
}
