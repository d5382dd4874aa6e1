using System.Text.Json;

namespace Trinity.AiBridge.Routing;

/// <summary>Finds the session that a request belongs to: the header of its client, or what Claude Code writes into the body.</summary>
internal static class SessionDetector
{
    private const int MaxLength = 256;
    private const int SearchedBytes = 16 * 1024; // at either end of a body
    private const string LegacyMarker = "_session_";

    public static string? Detect(string client, IHeaderDictionary headers, ReadOnlySpan<byte> body) => client switch
    {
        ClientDetector.ClaudeCode => Header(headers, "X-Claude-Code-Session-Id") ?? FromUserId(body),
        ClientDetector.Codex => Header(headers, "session-id") ?? Header(headers, "session_id"),
        "Mux" => Header(headers, "X-Mux-Workspace-Id"),
        "GitHub Copilot (VS Code)" => Header(headers, "x-interaction-id"),
        "GitHub Copilot (CLI)" => Header(headers, "X-Client-Session-Id"),
        "Kilo Code" => Header(headers, "X-KILOCODE-TASKID"),
        "Coder Agents" => Header(headers, "X-Coder-Chat-Id"),
        "OpenCode" => Header(headers, "X-OpenCode-Session") ?? Header(headers, "x-session-affinity"),
        _ => null,
    };

    private static string? Header(IHeaderDictionary headers, string name) => Trimmed(headers[name].ToString());

    private static string? Trimmed(string? value) =>
        value?.Trim() is { Length: > 0 } text ? text[..Math.Min(text.Length, MaxLength)] : null;

    /// <summary><c>metadata.user_id</c>: JSON with a <c>session_id</c>, or older text that ends in <c>_session_{id}</c>.</summary>
    private static string? FromUserId(ReadOnlySpan<byte> body)
    {
        // It stands before or after the long part of a body, the conversation. We look only there, and parse only that object.
        var name = "\"metadata\""u8;
        var tail = body[Math.Max(0, body.Length - SearchedBytes)..];
        var at = tail.LastIndexOf(name);
        if (at < 0)
        {
            tail = body;
            at = body[..Math.Min(body.Length, SearchedBytes)].LastIndexOf(name);
        }

        if (at < 0)
        {
            return null;
        }

        var value = tail[(at + name.Length)..].TrimStart(": \t\r\n"u8);
        try
        {
            var reader = new Utf8JsonReader(value);
            if (!JsonDocument.TryParseValue(ref reader, out var metadata))
            {
                return null;
            }

            using (metadata)
            {
                return metadata.RootElement.ValueKind == JsonValueKind.Object
                    && metadata.RootElement.TryGetProperty("user_id", out var userId)
                    && userId.ValueKind == JsonValueKind.String
                    ? FromUserId(userId.GetString()!)
                    : null;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // an odd body has no session; it is not our business to refuse it
        }
    }

    private static string? FromUserId(string userId)
    {
        if (userId.StartsWith('{'))
        {
            using var json = JsonDocument.Parse(userId);
            return json.RootElement.TryGetProperty("session_id", out var session) && session.ValueKind == JsonValueKind.String
                ? Trimmed(session.GetString())
                : null;
        }

        var marker = userId.LastIndexOf(LegacyMarker, StringComparison.Ordinal);
        return marker < 0 ? null : Trimmed(userId[(marker + LegacyMarker.Length)..]);
    }
}
