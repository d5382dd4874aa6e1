using System.Text.Json;

namespace Trinity.AiBridge.Routing;

/// <summary>Makes an OpenAI chat stream report its token usage where the client did not ask: one insertion into the raw request.</summary>
internal static class UsageRequest
{
    private static ReadOnlySpan<byte> Member => "\"stream_options\":{\"include_usage\":true},"u8;

    /// <summary>Asks for usage if the request streams and says nothing of <c>stream_options</c>; true when the body was edited.</summary>
    public static bool TryInsert(RequestBody body)
    {
        var bytes = body.Bytes.Span;
        if (bytes.IndexOf("\"stream\""u8) < 0 || !StreamsWithoutOptions(bytes))
        {
            return false;
        }

        body.Insert(bytes.IndexOf((byte)'{') + 1, Member); // an object with a "stream" member is not empty, so the comma is right
        return true;
    }

    private static bool StreamsWithoutOptions(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var streams = false;
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("stream_options"u8))
                {
                    return false;
                }

                var isStream = reader.ValueTextEquals("stream"u8);
                reader.Read();
                if (isStream)
                {
                    streams = reader.TokenType == JsonTokenType.True;
                }

                reader.Skip();
            }

            return streams && reader.TokenType == JsonTokenType.EndObject;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // the provider judges malformed JSON, and names that are no text; we only leave it alone
        }
    }
}
