using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.Proxy;
using Trinity.AiBridge.Recording;

namespace Trinity.Bench.Micro;

/// <summary>The whole request path in memory, from the server's request to the record: what a request costs us beside the sockets.</summary>
[MemoryDiagnoser]
public class HandlerBenchmarks
{
    private readonly MemoryStream _small = new(BenchConfig.Request(300));
    private readonly MemoryStream _large = new(BenchConfig.Request(200 * 1024));
    private readonly DefaultHttpContext _context = new(); // used again and again, as the server does with its own
    private readonly HttpMessageInvoker _upstream = new(new MemoryUpstream());
    private MemoryBridge? _bridge;
    private ProxyEndpoint? _endpoint;
    private InterceptionRecorder? _recorder;

    [GlobalSetup]
    public async Task StartAsync()
    {
        _bridge = new MemoryBridge();
        _endpoint = _bridge.Services.GetRequiredService<ProxyEndpoint>();
        _recorder = _bridge.Services.GetRequiredService<InterceptionRecorder>();
        _context.RequestServices = _bridge.Services;
        foreach (var (body, stream) in new[] { (_small, false), (_small, true), (_large, false) })
        {
            Check(await SendAsync(body, stream), stream);
        }
    }

    [GlobalCleanup]
    public ValueTask StopAsync() => _bridge!.DisposeAsync();

    /// <summary>What of the figures below is the upstream's.</summary>
    [Benchmark(Baseline = true, Description = "the upstream alone")]
    public async Task<int> UpstreamAlone()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:9/v1/messages");
        using var reply = await _upstream.SendAsync(request, CancellationToken.None);
        await reply.Content.CopyToAsync(Stream.Null);
        return (int)reply.StatusCode;
    }

    [Benchmark(Description = "JSON reply to 0.3 KB")]
    public Task<int> Json() => StatusAsync(_small, stream: false);

    [Benchmark(Description = "JSON reply to 200 KB")]
    public Task<int> JsonToLarge() => StatusAsync(_large, stream: false);

    [Benchmark(Description = "stream of 50 events")]
    public Task<int> StreamOf50() => StatusAsync(_small, stream: true);

    private async Task<int> StatusAsync(MemoryStream body, bool stream) => (await SendAsync(body, stream)).Status;

    private async Task<Interception> SendAsync(MemoryStream body, bool stream)
    {
        body.Position = 0;
        _context.Response.Clear();
        _context.Response.Body = Stream.Null;
        var request = _context.Request;
        request.Method = HttpMethods.Post;
        request.Scheme = "http";
        request.Protocol = "HTTP/1.1";
        request.Path = $"/{BenchConfig.Provider}/v1/messages";
        request.Body = body;
        request.Headers.Clear();
        request.Headers.Host = "127.0.0.1:8787";
        request.Headers.Authorization = $"Bearer {BenchConfig.Token}";
        request.Headers.UserAgent = "claude-cli/2.0.1 (external, cli)";
        request.Headers.ContentType = "application/json";
        request.Headers["anthropic-version"] = "2023-06-01";
        request.ContentLength = body.Length;
        if (stream)
        {
            request.Headers[MemoryUpstream.StreamHeader] = "1";
        }

        await _endpoint!.HandleAsync(_context);
        return _recorder!.TryTake(out var record, out _) ? record : throw new InvalidOperationException("The request was not recorded.");
    }

    private static void Check(Interception record, bool stream)
    {
        if (record is not { Status: StatusCodes.Status200OK, Outcome: Outcome.Completed, TokenUsage: not null } || record.Streaming != stream)
        {
            throw new InvalidOperationException($"The request was not handled as it should be: {record}");
        }
    }
}
