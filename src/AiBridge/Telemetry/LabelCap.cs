using System.Collections.Concurrent;

namespace Trinity.AiBridge.Telemetry;

/// <summary>Keeps a label that clients choose (models, tools) to a bounded set of values: the first ones seen, and <c>other</c>.</summary>
internal sealed class LabelCap(int capacity)
{
    private const string Other = "other";
    private const int MaxLength = 100;

    private readonly ConcurrentDictionary<string, byte> _known = new(StringComparer.Ordinal);

    public string Of(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return "unknown";
        }

        if (_known.ContainsKey(value))
        {
            return value;
        }

        // Racing newcomers may overshoot the capacity by as many as there are threads, which bounds it all the same.
        return value.Length <= MaxLength && _known.Count < capacity && _known.TryAdd(value, 0) ? value : Other;
    }
}
