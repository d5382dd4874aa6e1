using System.Globalization;

namespace Trinity.Bench.Load.Peers;

/// <summary>The peers of a run, each with its way of being asked.</summary>
internal static class PeerCatalog
{
    private static readonly Task<long?> Unknown = Task.FromResult<long?>(null);

    /// <param name="places">What runs where.</param>
    /// <param name="virtualKey">For the bridge.</param>
    /// <param name="http">For the peers' own counters.</param>
    public static IReadOnlyList<Peer> Of(BenchPlaces places, string virtualKey, HttpClient http)
    {
        var peers = new List<Peer> { Plain(Peer.Direct, places.Upstream, () => Unknown), Plain(Peer.Forwarder, places.Forwarder, () => ForwarderAsync(http, places.Forwarder)) };
        if (places.Nginx is { } nginx)
        {
            peers.Add(Plain(Peer.Nginx, nginx, () => Unknown));
        }

        if (places.Portkey is { } portkey)
        {
            peers.Add(new Peer(Peer.Portkey, portkey.ProcessId, workload => new Uri(portkey.Url, workload.Path), workload => PortkeyHeaders(workload, places.Upstream.Url), () => Unknown));
        }

        peers.Add(Bridge(Peer.Bridge, places.Bridge, virtualKey, http));
        peers.Add(Bridge(Peer.Rotating, places.Bridge, virtualKey, http));
        return peers;
    }

    /// <summary>A process that only the cold section knows, under the name of the peer that it is like.</summary>
    public static Peer Cold(string name, Place place, string virtualKey) =>
        name == Peer.Bridge ? new Peer(name, place.ProcessId, workload => BridgeAddress(place, workload), workload => Credential(workload, virtualKey), () => Unknown) : Plain(name, place, () => Unknown);

    private static Peer Plain(string name, Place place, Func<Task<long?>> allocated) => new(
        name, place.ProcessId, workload => new Uri(place.Url, $"/{workload.Reply}{workload.Path}"), workload => Credential(workload, "sk-bench"), allocated);

    private static Peer Bridge(string name, Place place, string virtualKey, HttpClient http) => new(
        name, place.ProcessId, workload => BridgeAddress(place, workload), workload => Credential(workload, virtualKey), () => BridgeCounters.ReadAsync(http, place, BridgeCounters.AllocatedBytes));

    private static Uri BridgeAddress(Place place, Workload workload) => new(place.Url, $"/{workload.Provider}{workload.Path}");

    private static Dictionary<string, string> Credential(Workload workload, string key) => workload.ProviderType == "anthropic"
        ? new(StringComparer.OrdinalIgnoreCase) { ["x-api-key"] = key, ["anthropic-version"] = "2023-06-01", ["user-agent"] = "claude-cli/2.1.0 (external, cli)" }
        : new(StringComparer.OrdinalIgnoreCase) { ["authorization"] = $"Bearer {key}", ["user-agent"] = "codex_cli_rs/0.160.0" };

    private static Dictionary<string, string> PortkeyHeaders(Workload workload, Uri upstream) => new(Credential(workload, "sk-bench"), StringComparer.OrdinalIgnoreCase)
    {
        ["x-portkey-provider"] = workload.ProviderType,
        ["x-portkey-custom-host"] = new Uri(upstream, $"/{workload.Reply}/v1").AbsoluteUri,
        ["authorization"] = "Bearer sk-bench",
    };

    private static async Task<long?> ForwarderAsync(HttpClient http, Place place) =>
        long.Parse(await http.GetStringAsync(new Uri(place.Url, BareForwarder.AllocatedPath)), CultureInfo.InvariantCulture);
}
