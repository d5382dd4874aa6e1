using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Trinity.AgentServer.Redaction;

/// <summary>Redacts the strings inside a JSON text, also JSON that is itself a string in it, and all below a name that means a secret.</summary>
internal static class RedactedJson
{
    /// <summary>Every level reads its text once more, so their number is bounded. Escapes double with each: the longest line has no room for many more.</summary>
    private const int MostNestings = 16;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Null when the text is no JSON object or array.</returns>
    public static string? TryRedact(string text, Func<string, string> redactText) => TryRedact(text, redactText, nesting: 0);

    private static string? TryRedact(string text, Func<string, string> redactText, int nesting)
    {
        if (nesting == MostNestings || text.AsSpan().TrimStart() is not ['{' or '[', ..])
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var buffer = new ArrayBufferWriter<byte>(text.Length);
            using var writer = new Utf8JsonWriter(buffer, Writing);
            var walk = new Walk(writer, redactText, nesting);
            walk.Copy(document.RootElement, isSecret: false);
            writer.Flush();
            return walk.HasChanged ? Encoding.UTF8.GetString(buffer.WrittenSpan) : text; // untouched where there was nothing to hide
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // no JSON after all, or with half a surrogate pair in it
        }
    }

    private sealed class Walk(Utf8JsonWriter writer, Func<string, string> redactText, int nesting)
    {
        public bool HasChanged { get; private set; }

        public void Copy(JsonElement element, bool isSecret)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    writer.WriteStartObject();
                    foreach (var member in element.EnumerateObject())
                    {
                        writer.WritePropertyName(Changed(member.Name, redactText(member.Name)));
                        Copy(member.Value, isSecret || SecretNames.IsSecret(member.Name));
                    }

                    writer.WriteEndObject();
                    break;
                case JsonValueKind.Array:
                    writer.WriteStartArray();
                    foreach (var item in element.EnumerateArray())
                    {
                        Copy(item, isSecret);
                    }

                    writer.WriteEndArray();
                    break;
                case JsonValueKind.String:
                    var text = element.GetString()!;
                    writer.WriteStringValue(Changed(text, Redact(text, isSecret)));
                    break;
                default:
                    element.WriteTo(writer); // numbers as they were written
                    break;
            }
        }

        private string Redact(string text, bool isSecret) =>
            text.Length == 0 ? text : isSecret ? Redactor.Mask : TryRedact(text, redactText, nesting + 1) ?? redactText(text);

        private string Changed(string before, string after)
        {
            HasChanged |= !string.Equals(before, after, StringComparison.Ordinal);
            return after;
        }
    }
}
