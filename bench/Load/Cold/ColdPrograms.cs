using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Cold;

/// <summary>The programs that the cold section starts, and where they are to listen.</summary>
internal sealed record ColdPrograms
{
    /// <summary>The bridge as it is shipped: a native program, or one for the just-in-time compiler.</summary>
    public required string Bridge { get; init; }

    /// <summary>The bridge for the just-in-time compiler.</summary>
    public required string ManagedBridge { get; init; }

    public required Uri BridgeUrl { get; init; }
    public required Uri ForwarderUrl { get; init; }

    /// <summary>Both programs with compiled code beside the other; null where there are none.</summary>
    public string? ReadyToRun { get; init; }

    /// <returns>Null when the run has nothing to do with them.</returns>
    public static ColdPrograms? Parse(IReadOnlyDictionary<string, string> arguments) => arguments.TryGetValue("cold-bridge", out var bridge)
        ? new ColdPrograms
        {
            Bridge = bridge,
            ManagedBridge = arguments["cold-managed-bridge"],
            BridgeUrl = new Uri(arguments["cold-bridge-url"]),
            ForwarderUrl = new Uri(arguments["cold-forwarder-url"]),
            ReadyToRun = arguments.GetValueOrDefault("ready-to-run"),
        }
        : null;

    /// <summary>The command, what it finds in its environment, and where it says that it is ready.</summary>
    public ColdCommand Of(string peer, ColdVariant variant, Uri upstream)
    {
        var settings = variant.Variable is { } name ? new Dictionary<string, string>(StringComparer.Ordinal) { [name] = variant.Value! } : [];
        if (peer == Peer.Forwarder)
        {
            var program = variant.ReadyToRun ? Path.Combine(ReadyToRun!, "Load", "Trinity.Load.dll") : Path.Combine(AppContext.BaseDirectory, "Trinity.Load.dll");
            return new ColdCommand(["dotnet", program, "forwarder", ForwarderUrl.AbsoluteUri, upstream.AbsoluteUri], settings, ForwarderUrl, BareForwarder.AllocatedPath);
        }

        settings["TRINITY_AIBRIDGE__LISTEN"] = BridgeUrl.GetLeftPart(UriPartial.Authority);
        return new ColdCommand(Words(variant), settings, BridgeUrl, "/readyz");
    }

    private string[] Words(ColdVariant variant)
    {
        if (variant.ReadyToRun)
        {
            return ["dotnet", Path.Combine(ReadyToRun!, "AiBridge", "Trinity.AiBridge.dll")];
        }

        return variant != ColdVariant.AsShipped ? ["dotnet", ManagedBridge] : Bridge.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", Bridge] : [Bridge];
    }
}
