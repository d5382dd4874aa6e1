using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace Trinity.TestSupport.Providers;

/// <summary>One request as it arrived at the <see cref="FakeProvider"/>.</summary>
public sealed class FakeRequest
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _endedByFake;

    /// <summary>Position among all requests, from 0, in the order in which their heads arrived.</summary>
    public required int Order { get; init; }

    public required string Method { get; init; }

    /// <summary><c>HTTP/1.1</c> or <c>HTTP/2</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The path as it was on the wire, still percent-encoded.</summary>
    public required string Path { get; init; }

    /// <summary>The query as it was on the wire, with its question mark, or empty.</summary>
    public required string Query { get; init; }

    public required IReadOnlyDictionary<string, StringValues> Headers { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>False when the client left, or broke the framing, before the body was whole.</summary>
    public required bool BodyIsComplete { get; init; }

    /// <summary>Names the TCP connection; equal on two requests that shared one.</summary>
    public required string ConnectionId { get; init; }

    public string BodyText => Encoding.UTF8.GetString(Body.Span);

    /// <summary>The body as JSON; throws when it is not.</summary>
    public JsonElement Json => JsonElement.Parse(Body.Span);

    /// <summary>True when the body is JSON and asks for a stream.</summary>
    public bool WantsStream => TryGetJson("stream") is { ValueKind: JsonValueKind.True };

    /// <summary>The token of <c>Authorization: Bearer</c>.</summary>
    public string? BearerKey =>
        Header("Authorization") is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value[7..] : null;

    /// <summary>The value of <c>x-api-key</c>.</summary>
    public string? ApiKey => Header("x-api-key");

    /// <summary>The credential seen, whichever way it came.</summary>
    public string? Key => ApiKey ?? BearerKey;

    public bool AcceptsGzip => Header("Accept-Encoding")?.Contains("gzip", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Completes when the client left before the reply was finished; never completes otherwise.</summary>
    public Task Aborted => _aborted.Task;

    /// <summary>Completes when the fake is done with the exchange, whichever way it ended.</summary>
    public Task Completed => _completed.Task;

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>A property of the JSON body's root, or null when there is none or the body is not a JSON object.</summary>
    public JsonElement? TryGetJson(string property)
    {
        try
        {
            return Json is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(property, out var value) ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() => $"#{Order} {Method} {Path}{Query}";

    internal void MarkEndedByFake() => _endedByFake = true;

    internal void MarkClientGone()
    {
        if (!_endedByFake)
        {
            _aborted.TrySetResult();
        }
    }

    internal void MarkCompleted() => _completed.TrySetResult();
}
