using System.Text.Json;

namespace Trinity.AiBridge.Routing;

/// <summary>What the bridge must know of a JSON request: its model. Reading stops there, because a full parse costs more than the proxying.</summary>
internal readonly record struct RequestPeek(string? Model, PeekFault Fault)
{
    /// <summary>Finds the top-level <c>model</c>, by default the first one.</summary>
    /// <param name="body">The request's bytes.</param>
    /// <param name="wholeBody">Read on to the end and refuse a second <c>model</c>, for callers who may use only some models: a
    /// provider that takes the last one would see another than we checked.</param>
    public static RequestPeek Read(ReadOnlySpan<byte> body, bool wholeBody)
    {
        if (body.IsEmpty)
        {
            return new(null, PeekFault.Empty);
        }

        var reader = new Utf8JsonReader(body);
        try
        {
            return Read(ref reader, wholeBody);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new(null, PeekFault.Malformed); // InvalidOperation: a string that is no text
        }
    }

    private static RequestPeek Read(ref Utf8JsonReader reader, bool wholeBody)
    {
        string? model = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return new(null, PeekFault.Malformed);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Some providers (Go's JSON) take a name in any case, so a restricted caller's is found in any case.
            var isModel = wholeBody ? string.Equals(reader.GetString(), "model", StringComparison.OrdinalIgnoreCase) : reader.ValueTextEquals("model"u8);
            reader.Read();
            if (!isModel)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { Length: > 0 } value)
            {
                return new(null, PeekFault.NoModel);
            }

            if (model is not null)
            {
                return new(null, PeekFault.AmbiguousModel);
            }

            model = value;
            if (!wholeBody)
            {
                break;
            }
        }

        return new(model, model is null ? PeekFault.NoModel : PeekFault.None);
    }
}

/// <summary>Why a request's model could not be read.</summary>
internal enum PeekFault
{
    None,
    Empty,
    Malformed,
    NoModel,
    AmbiguousModel,
}
