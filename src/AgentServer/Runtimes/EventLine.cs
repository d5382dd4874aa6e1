using System.Text.Json;

namespace Trinity.AgentServer.Runtimes;

/// <summary>A line of a CLI that writes one JSON event per line.</summary>
internal static class EventLine
{
    /// <summary>Null when it is no JSON object.</summary>
    public static JsonElement? Parse(string line)
    {
        if (line is not ['{', ..])
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(line) is { ValueKind: JsonValueKind.Object } happened ? happened : null;
        }
        catch (JsonException)
        {
            return null; // a tool wrote it, or it was too long and cut
        }
    }

    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
