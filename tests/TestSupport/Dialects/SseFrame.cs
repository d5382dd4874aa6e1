using System.Text.Json.Nodes;

namespace Trinity.TestSupport.Dialects;

/// <summary>Text of single server-sent events.</summary>
public static class SseFrame
{
    public const string Done = "data: [DONE]\n\n";

    /// <summary>An event with a name, as Anthropic and the Responses API send it.</summary>
    public static string Named(string name, string data) => $"event: {name}\ndata: {data}\n\n";

    /// <summary>An event without a name, as chat completions are sent.</summary>
    public static string Unnamed(string data) => $"data: {data}\n\n";

    internal static string Typed(JsonObject data) => Named(data["type"]!.GetValue<string>(), data.ToJsonString());

    internal static string Unnamed(JsonObject data) => Unnamed(data.ToJsonString());

    /// <summary>Cuts a text into the deltas of a stream: after each blank, so that no character is split.</summary>
    internal static IReadOnlyList<string> Deltas(string text)
    {
        List<string> deltas = [];
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ')
            {
                deltas.Add(text[start..(i + 1)]);
                start = i + 1;
            }
        }

        if (start < text.Length || deltas.Count == 0)
        {
            deltas.Add(text[start..]);
        }

        return deltas;
    }
}
