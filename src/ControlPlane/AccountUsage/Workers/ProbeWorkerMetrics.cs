using System.Diagnostics;
using System.Diagnostics.Metrics;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Counts probes of homes, and the processes that answer them.</summary>
internal sealed class ProbeWorkerMetrics
{
    private static readonly string[] Channels = [UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter];

    private readonly Counter<long> _probes;
    private readonly Counter<long> _coldStarts;
    private Func<int> _living = () => 0; // set once, by the pool's construction; read by the exporter

    public ProbeWorkerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ControlPlaneMetrics.MeterName);
        _probes = meter.CreateCounter<long>("trinity.control.home_probes", "{probe}", "Probes of homes, by channel, by what came of it, and by whether a process was started for the probe alone.");
        _coldStarts = meter.CreateCounter<long>("trinity.control.probe_cold_starts", "{process}", "Processes that were started for one probe alone, by why there was no worker.");
        meter.CreateObservableGauge("trinity.control.probe_workers", () => Volatile.Read(ref _living)(), "{process}", "Processes that probe homes, those that start or end included.");
    }

    public void Probed(string channel, ProbeReply reply) => _probes.Add(1, new TagList
    {
        { "channel", Channels.Contains(channel, StringComparer.Ordinal) ? channel : "other" },
        { "result", NameOf(reply.Usage.Verdict) },
        { "cold", reply.Cold },
    });

    /// <param name="reason"><c>waited</c>: no worker became free in time; <c>busy</c>: none was free, and waiting is off.</param>
    public void ColdStart(string reason) => _coldStarts.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CountLiving(Func<int> living) => Volatile.Write(ref _living, living);

    private static string NameOf(UsageVerdict verdict) => verdict switch
    {
        UsageVerdict.Known => "known",
        UsageVerdict.InvalidCredential => "invalid_credential",
        UsageVerdict.Unsupported => "unsupported",
        UsageVerdict.NoCredential => "no_credential",
        _ => "unavailable",
    };
}
