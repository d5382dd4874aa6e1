using System.Text.Json;

namespace Trinity.Contract.Tests.WireMock;

/// <summary>A call as WireMock's journal has it.</summary>
internal sealed record WireMockCall
{
    public required string Method { get; init; }

    /// <summary>Path and query.</summary>
    public required string Url { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>The stub that it matched; null when it matched none.</summary>
    public required string? Stub { get; init; }

    /// <summary>The headers that the stub names.</summary>
    public required IReadOnlyList<string> StubHeaders { get; init; }

    /// <summary>How long WireMock held its reply back.</summary>
    public required TimeSpan AddedDelay { get; init; }

    /// <summary>The whole entry, for the message of a failure.</summary>
    public required string Entry { get; init; }

    public static WireMockCall Read(JsonElement entry)
    {
        var request = entry.GetProperty("request");
        var matched = entry.GetProperty("wasMatched").GetBoolean();
        return new WireMockCall
        {
            Method = request.GetProperty("method").GetString()!,
            Url = request.GetProperty("url").GetString()!,
            Headers = request.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Body = request.GetProperty("bodyAsBase64").GetBytesFromBase64(),
            Stub = matched ? entry.GetProperty("stubMapping").GetProperty("name").GetString() : null,
            StubHeaders = matched ? [.. entry.GetProperty("stubMapping").GetProperty("request").GetProperty("headers").EnumerateObject().Select(header => header.Name)] : [],
            AddedDelay = TimeSpan.FromMilliseconds(entry.GetProperty("timing").GetProperty("addedDelay").GetInt32()),
            Entry = entry.ToString(),
        };
    }
}
