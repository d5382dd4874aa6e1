namespace Trinity.Bench.Demo;

/// <summary>The <see cref="Board"/> at one moment.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Elapsed">Since the start.</param>
/// <param name="Open">Streams under way.</param>
/// <param name="Finished">Streams that arrived whole.</param>
/// <param name="Failed">Streams that did not.</param>
/// <param name="Stopped">Streams that were given up because the demo ended.</param>
/// <param name="Requests">Quick requests that were answered as they should be.</param>
/// <param name="Keys">The provider's keys, by number.</param>
internal sealed record BoardState(DemoOptions Options, TimeSpan Elapsed, int Open, int Finished, int Failed, int Stopped, int Requests, IReadOnlyList<KeyRow> Keys)
{
    public int Rotations => Keys.Count(key => key.AppliedMs is not null);

    public int Proven => Keys.Count(key => key.SafeAfter is not null);

    public double Median => Percentile(0.5);

    public double Slowest1Percent => Percentile(0.99);

    // Nearest rank: of 20 latencies, the 99th percentile is the worst.
    private double Percentile(double share)
    {
        var latencies = Keys.Select(key => key.AppliedMs).OfType<double>().Order().ToList();
        return latencies.Count == 0 ? 0 : latencies[(int)Math.Ceiling(share * latencies.Count) - 1];
    }
}

/// <summary>One of the provider's keys.</summary>
internal sealed record KeyRow(int Number, string Hint)
{
    /// <summary>Requests that the provider got with it, streams included.</summary>
    public int Requests { get; init; }

    /// <summary>From its commit until every bridge served it; null for the first key, and until then.</summary>
    public double? AppliedMs { get; init; }

    /// <summary>Whether its successor is applied.</summary>
    public bool Retired { get; init; }

    /// <summary>Requests that still run on it, as the rollout says.</summary>
    public long Draining { get; init; }

    /// <summary>The most that the rollout has ever shown.</summary>
    public long MostDraining { get; init; }

    /// <summary>How long after its rotation it was proven out of use.</summary>
    public TimeSpan? SafeAfter { get; init; }
}
