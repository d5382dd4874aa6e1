using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;

namespace Trinity.Bench.Micro;

/// <summary>Step 1 of the request path, among a thousand virtual keys.</summary>
[MemoryDiagnoser]
public class AuthenticationBenchmarks
{
    private readonly ConfigSnapshot _snapshot = BenchConfig.Snapshot();
    private readonly VirtualKeyAuthenticator _authenticator = new(TimeProvider.System);
    private readonly TokenHashMemo _laterRequest = new();
    private readonly HeaderDictionary _bearer = new() { ["Authorization"] = $"Bearer {BenchConfig.Token}" };
    private readonly HeaderDictionary _ownCredential = new() { ["Authorization"] = "Bearer sk-ant-oat01-own", [VirtualKeyAuthenticator.TrinityKeyHeader] = BenchConfig.Token };
    private readonly HeaderDictionary _unknown = new() { [VirtualKeyAuthenticator.ApiKeyHeader] = BenchConfig.Token + "0" };

    [Benchmark(Description = "known key, Authorization: Bearer, first request of a connection")]
    public bool FirstRequest() => _authenticator.TryAuthenticate(_bearer, new TokenHashMemo(), _snapshot, out _, out _);

    [Benchmark(Description = "known key, Authorization: Bearer, a later request")]
    public bool LaterRequest() => _authenticator.TryAuthenticate(_bearer, _laterRequest, _snapshot, out _, out _);

    [Benchmark(Description = "known key, X-Trinity-Key beside an own credential")]
    public bool OwnCredential() => _authenticator.TryAuthenticate(_ownCredential, new TokenHashMemo(), _snapshot, out _, out _);

    [Benchmark(Description = "unknown key")]
    public bool Unknown() => _authenticator.TryAuthenticate(_unknown, new TokenHashMemo(), _snapshot, out _, out _);
}
