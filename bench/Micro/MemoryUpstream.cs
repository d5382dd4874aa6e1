using System.Net;
using System.Net.Http.Headers;

namespace Trinity.Bench.Micro;

/// <summary>An upstream in memory: takes the whole request, answers at once, as a stream when the path says so.</summary>
internal sealed class MemoryUpstream : HttpMessageHandler
{
    private static readonly MediaTypeHeaderValue EventStream = new("text/event-stream", "utf-8");
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly byte[] _stream = [.. BenchReply.Stream.SelectMany(frame => frame)];

    /// <summary>Asks for a stream.</summary>
    public const string StreamHeader = "X-Bench-Stream";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } body)
        {
            await body.CopyToAsync(Stream.Null, cancellationToken);
        }

        var streams = request.Headers.Contains(StreamHeader);
        var content = new ReadOnlyMemoryContent(streams ? _stream : BenchReply.Json);
        content.Headers.ContentType = streams ? EventStream : Json;
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content, RequestMessage = request };
    }
}
