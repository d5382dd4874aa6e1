using System.Globalization;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load;

/// <summary>What a run measures, and for how long.</summary>
internal sealed record BenchPlan
{
    /// <summary>To a peer, at the limit and at a fixed rate. With fewer, a gateway that handles requests on one thread waits at its limit for the load to hand it more.</summary>
    public const int Connections = 128;

    public static readonly Workload Small = new("messages", "json", 300);
    public static readonly Workload Large = new("messages", "json", 200_000);
    public static readonly Workload Paced = new("messages", "paced", 10_000);
    private static readonly Workload Events = new("messages", "sse", 300);

    private bool _rotationAlone;

    public required BenchSections Sections { get; init; }
    public required int Rounds { get; init; }
    public required TimeSpan Slice { get; init; }

    /// <summary>Of a slice that the host of a virtual machine disturbs, at most.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Of each peer with each workload, before its first slice.</summary>
    public required TimeSpan WarmUp { get; init; }

    /// <summary>The same at a fixed rate, where a peer and our own client already know the workload or one like it.</summary>
    public TimeSpan OpenLoopWarmUp { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Of each slice at a fixed rate: the time in which the rate grows, which is not counted.</summary>
    public TimeSpan LeadIn { get; init; } = TimeSpan.FromSeconds(1);

    public required IReadOnlyList<Workload> Saturated { get; init; }

    /// <summary>Measured at half of what the bridge can do.</summary>
    public required IReadOnlyList<Workload> AtHalf { get; init; }

    /// <summary>Fixed rates, of the small workload.</summary>
    public required IReadOnlyList<double> Rates { get; init; }

    /// <summary>Paced streams started per second.</summary>
    public required double PacedPerSecond { get; init; }

    /// <summary>How many slices of a cold process's load are counted, each <see cref="ColdSlice"/> long.</summary>
    public int ColdSlices { get; init; } = 10;

    public TimeSpan ColdSlice { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether cold processes run with two of the runtime's settings only.</summary>
    public bool FewColdVariants { get; init; }

    /// <summary>Minutes: the workloads of the promises.</summary>
    public static BenchPlan Quick { get; } = new()
    {
        Sections = BenchSections.Saturated | BenchSections.Half | BenchSections.Paced | BenchSections.Rotation,
        Rounds = 3,
        Slice = TimeSpan.FromSeconds(2),
        WarmUp = TimeSpan.FromSeconds(4),
        Saturated = [Small, Large, Events],
        AtHalf = [Small, Large],
        Rates = [1000],
        PacedPerSecond = 50,
    };

    /// <summary>Every API, way of answering and size of body.</summary>
    public static BenchPlan Full { get; } = new()
    {
        Sections = BenchSections.All,
        Rounds = 3,
        Slice = TimeSpan.FromSeconds(5),
        WarmUp = TimeSpan.FromSeconds(2),
        Saturated =
        [
            .. from api in new[] { "messages", "chat", "responses" }
               from reply in new[] { "json", "sse" }
               from bytes in new[] { 300, 10_000, 200_000, 1_000_000 }
               select new Workload(api, reply, bytes),
        ],
        AtHalf = [Small, new("messages", "json", 10_000), Large, Events],
        Rates = [500, 1000, 2000, 3000],
        PacedPerSecond = 100,
    };

    /// <summary>The usual run.</summary>
    public static BenchPlan Standard { get; } = Full with
    {
        Slice = TimeSpan.FromSeconds(3),
        WarmUp = TimeSpan.FromSeconds(3),
        Saturated =
        [
            Small, new("messages", "json", 10_000), Large, new("messages", "json", 1_000_000), Events,
            new("chat", "json", 10_000), new("chat", "sse", 10_000), new("responses", "json", 10_000), new("responses", "sse", 10_000),
        ],
        Rates = [1000, 3000],
    };

    /// <summary>Every section, for as short as it can be: shows that the benchmark works, and nothing else.</summary>
    public static BenchPlan Smoke { get; } = Quick with
    {
        Sections = BenchSections.All,
        Rounds = 1,
        Tries = 1,
        Slice = TimeSpan.FromSeconds(0.4),
        WarmUp = TimeSpan.Zero,
        OpenLoopWarmUp = TimeSpan.FromSeconds(0.1),
        LeadIn = TimeSpan.FromSeconds(0.1),
        Saturated = [Small, Large],
        AtHalf = [Small],
        Rates = [200],
        PacedPerSecond = 20,
        ColdSlices = 2,
        ColdSlice = TimeSpan.FromSeconds(0.5),
        FewColdVariants = true,
    };

    /// <summary>Reads <c>plan</c>, <c>only</c>, <c>rounds</c> and <c>seconds</c>.</summary>
    /// <exception cref="FormatException">One of them is not what it can be.</exception>
    public static BenchPlan Parse(IReadOnlyDictionary<string, string> arguments)
    {
        var plan = arguments.GetValueOrDefault("plan") switch
        {
            "quick" => Quick,
            "standard" => Standard,
            "full" => Full,
            "smoke" => Smoke,
            var other => throw new FormatException($"There is no plan '{other}'."),
        };
        plan = arguments.TryGetValue("rounds", out var rounds) ? plan with { Rounds = int.Parse(rounds, CultureInfo.InvariantCulture) } : plan;
        plan = arguments.TryGetValue("seconds", out var seconds) ? plan with { Slice = TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)) } : plan;
        return arguments.TryGetValue("only", out var names) ? plan.Only(Section(names)) : plan;
    }

    public bool Has(BenchSections section) => Sections.HasFlag(section);

    /// <summary>What rotations change, asked for alone, is shown without the other peers.</summary>
    public bool Measures(string peer) => !_rotationAlone || peer is Peer.Direct or Peer.Bridge or Peer.Rotating;

    private BenchPlan Only(BenchSections sections)
    {
        const BenchSections Compared = BenchSections.Saturated | BenchSections.Half | BenchSections.Paced;
        return sections == BenchSections.Rotation
            ? this with { Sections = sections | Compared, Saturated = [Small, Large], AtHalf = [Small, Large], _rotationAlone = true }
            : this with { Sections = sections.HasFlag(BenchSections.Rotation) ? sections | Compared : sections };
    }

    private static BenchSections Section(string names) => names.Split(',').Aggregate(BenchSections.None, (sections, name) => sections | name switch
    {
        "saturated" => BenchSections.Saturated,
        "half" => BenchSections.Half,
        "rates" => BenchSections.Rates,
        "paced" => BenchSections.Paced,
        "cold" => BenchSections.Cold,
        "rotation" => BenchSections.Rotation,
        _ => throw new FormatException($"There is no section '{name}'."),
    });
}
