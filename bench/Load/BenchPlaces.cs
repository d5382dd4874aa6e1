using System.Globalization;

namespace Trinity.Bench.Load;

/// <summary>A server of the run.</summary>
internal sealed record Place(Uri Url, int ProcessId);

/// <summary>What <c>eng/bench.sh</c> has started, and where its results go. Peers that are left out are null.</summary>
internal sealed record BenchPlaces
{
    public required Place Upstream { get; init; }
    public required Place Forwarder { get; init; }
    public required Place Bridge { get; init; }
    public required Uri Control { get; init; }
    public required string OperatorToken { get; init; }
    public Place? Nginx { get; init; }
    public Place? Portkey { get; init; }

    /// <summary>The core of the gateways, and that of everything else; null when nothing is pinned.</summary>
    public (int Gateway, int Others)? Cores { get; init; }

    /// <summary>Reads <c>--name=value</c> arguments; a server's value is <c>url,pid</c>.</summary>
    /// <exception cref="FormatException">Something is missing or malformed.</exception>
    public static BenchPlaces Parse(IReadOnlyDictionary<string, string> arguments) => new()
    {
        Upstream = Server(arguments, "upstream") ?? throw Missing("upstream"),
        Forwarder = Server(arguments, "forwarder") ?? throw Missing("forwarder"),
        Bridge = Server(arguments, "bridge") ?? throw Missing("bridge"),
        Control = new Uri(arguments.GetValueOrDefault("control") ?? throw Missing("control")),
        OperatorToken = File.ReadAllText(arguments.GetValueOrDefault("token-file") ?? throw Missing("token-file")).Trim(),
        Nginx = Server(arguments, "nginx"),
        Portkey = Server(arguments, "portkey"),
        Cores = arguments.ContainsKey("pinned") ? (0, 1) : null,
    };

    private static Place? Server(IReadOnlyDictionary<string, string> arguments, string name)
    {
        if (!arguments.TryGetValue(name, out var value))
        {
            return null;
        }

        return value.Split(',') is [var url, var pid] && Uri.TryCreate(url, UriKind.Absolute, out var address) && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new Place(address, id)
            : throw new FormatException($"--{name} is '{value}': expected url,pid.");
    }

    private static FormatException Missing(string name) => new($"--{name} is missing.");
}
