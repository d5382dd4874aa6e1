using System.Diagnostics.Metrics;

namespace Trinity.ControlPlane;

/// <summary>What the control plane counts: changes written, and how long the fleet took to apply those that somebody waited for.</summary>
internal sealed class ControlPlaneMetrics
{
    public const string MeterName = "Trinity.ControlPlane";

    private readonly Counter<long> _writes;
    private readonly Histogram<double> _applyWait;
    private readonly Histogram<double> _deliveries;
    private volatile AgentCounts _agents = new([], 0); // replaced by the reconciler, read by the exporter

    public ControlPlaneMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _writes = meter.CreateCounter<long>("trinity.control.writes", "{write}", "Changes committed through the API, by action.");
        _applyWait = meter.CreateHistogram<double>(
            "trinity.control.apply_wait",
            "s",
            "Time from a change's commit until all live bridge replicas had applied it, where the caller waited.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        meter.CreateObservableGauge(
            "trinity.control.agents",
            () => _agents.ByState.Select(state => new Measurement<int>(state.Value, new KeyValuePair<string, object?>("state", state.Key))),
            "{agent}",
            "Agents by where their containers stand, as last seen.");
        meter.CreateObservableGauge("trinity.control.agents_behind", () => _agents.Behind, "{agent}", "Running agents that have not acknowledged the credential that they are to work with.");
        _deliveries = meter.CreateHistogram<double>(
            "trinity.control.credential_delivery",
            "s",
            "Attempts to bring an agent its credential, by result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
    }

    /// <param name="byState">How many agents are in each state.</param>
    /// <param name="behind">How many of those that run have an older credential than they should.</param>
    public void AgentsSeen(IReadOnlyDictionary<string, int> byState, int behind) => _agents = new(byState.ToDictionary(StringComparer.Ordinal), behind);

    /// <param name="result">One of the delivery results, a small closed set.</param>
    /// <param name="elapsed">Of this one attempt.</param>
    public void CredentialDelivered(string result, TimeSpan elapsed) => _deliveries.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("result", result));

    /// <param name="action">One of the audit trail's actions, a small closed set.</param>
    public void ChangeWritten(string action) => _writes.Add(1, new KeyValuePair<string, object?>("action", action));

    public void WaitEnded(TimeSpan elapsed, bool complete) =>
        _applyWait.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("complete", complete));

    private sealed record AgentCounts(Dictionary<string, int> ByState, int Behind);
}
