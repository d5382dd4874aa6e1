using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load;

/// <summary>What a run measures, and for how long.</summary>
internal sealed record BenchPlan
{
    public required int Rounds { get; init; }
    public required TimeSpan Slice { get; init; }
    public required TimeSpan WarmUp { get; init; }
    public required IReadOnlyList<Workload> Saturated { get; init; }

    /// <summary>Measured at half of what the bridge can do.</summary>
    public required IReadOnlyList<Workload> AtHalf { get; init; }

    /// <summary>Fixed rates, each where the bridge can follow; on the first workload of <see cref="AtHalf"/>.</summary>
    public required IReadOnlyList<double> Rates { get; init; }

    /// <summary>Paced streams started per second; 0 leaves them out.</summary>
    public required double PacedPerSecond { get; init; }

    private static readonly Workload Small = new("messages", "json", 300);
    private static readonly Workload Large = new("messages", "json", 200_000);
    private static readonly Workload Events = new("messages", "sse", 300);

    /// <summary>Minutes: the workloads of the targets.</summary>
    public static BenchPlan Quick { get; } = new()
    {
        Rounds = 2,
        Slice = TimeSpan.FromSeconds(2),
        WarmUp = TimeSpan.FromSeconds(12),
        Saturated = [Small, Large, Events],
        AtHalf = [Small, Large],
        Rates = [],
        PacedPerSecond = 50,
    };

    /// <summary>Every API, way of answering and size of body.</summary>
    public static BenchPlan Full { get; } = new()
    {
        Rounds = 3,
        Slice = TimeSpan.FromSeconds(5),
        WarmUp = TimeSpan.FromSeconds(30),
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
        WarmUp = TimeSpan.FromSeconds(20),
        Saturated =
        [
            Small, new("messages", "json", 10_000), Large, new("messages", "json", 1_000_000), Events,
            new("chat", "json", 10_000), new("chat", "sse", 10_000), new("responses", "json", 10_000), new("responses", "sse", 10_000),
        ],
        Rates = [1000, 3000],
    };
}
