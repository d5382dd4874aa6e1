using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Routing;

namespace Trinity.Bench.Micro;

/// <summary>Step 2 of the request path: where a request goes, and the peek at its model.</summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private static readonly PathString Messages = "/anthropic/v1/messages";
    private static readonly PathString Model = "/anthropic/v1/models/claude-sonnet-4-5-20250929";
    private static readonly PathString Unsupported = "/anthropic/v1/files";

    private readonly ConfigSnapshot _snapshot = BenchConfig.Snapshot();
    private readonly byte[] _small = BenchConfig.Request(300);
    private readonly byte[] _large = BenchConfig.Request(200 * 1024);
    private readonly byte[] _largeModelLast = BenchConfig.Request(200 * 1024, modelFirst: false);
    private readonly Caller _caller;

    public RoutingBenchmarks() => _caller = new Caller(_snapshot.VirtualKeys.Values[0], OwnCredential: false);

    [Benchmark(Description = "resolve /v1/messages")]
    public bool ResolveMessages() => Resolve("POST", Messages);

    [Benchmark(Description = "resolve /v1/models/{id}")]
    public bool ResolveModel() => Resolve("GET", Model);

    [Benchmark(Description = "refuse an unsupported route")]
    public bool RefuseUnsupported() => Resolve("GET", Unsupported);

    [Benchmark(Description = "peek, 0.3 KB")]
    public bool PeekSmall() => Peek(_small, wholeBody: false);

    [Benchmark(Description = "peek, 200 KB, model first")]
    public bool PeekLarge() => Peek(_large, wholeBody: false);

    [Benchmark(Description = "peek, 200 KB, model last")]
    public bool PeekLargeModelLast() => Peek(_largeModelLast, wholeBody: false);

    [Benchmark(Description = "peek, 200 KB, restricted caller")]
    public bool PeekLargeRestricted() => Peek(_large, wholeBody: true);

    private static bool Peek(byte[] body, bool wholeBody) => RequestPeek.Read(body, wholeBody).Fault == PeekFault.None;

    private bool Resolve(string method, PathString path)
    {
        var name = RouteResolver.ProviderName(path, out var rest);
        return RouteResolver.TryResolve(method, name, rest, _snapshot, _caller, out _, out _);
    }
}
