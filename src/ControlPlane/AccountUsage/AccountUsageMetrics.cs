using System.Diagnostics;
using System.Diagnostics.Metrics;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage;

/// <summary>What is counted of asking providers about accounts.</summary>
internal sealed class AccountUsageMetrics
{
    private readonly Counter<long> _asked;
    private readonly Counter<long> _served;
    private volatile IReadOnlyList<(string Kind, string Status, int Count)> _accounts = []; // replaced by whoever looked at all accounts last, read by the exporter

    public AccountUsageMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ControlPlaneMetrics.MeterName);
        _asked = meter.CreateCounter<long>("trinity.control.account_probes", "{probe}", "Times that a provider was asked how much of an account is left, by channel and result.");
        _served = meter.CreateCounter<long>("trinity.control.account_reads", "{read}", "Times that an account was looked at, by where the figures came from.");
        meter.CreateObservableGauge(
            "trinity.control.accounts",
            () => _accounts.Select(entry => new Measurement<int>(entry.Count, new TagList { { "kind", entry.Kind }, { "status", entry.Status } })),
            "{account}",
            "Accounts by kind and status, as they were last looked at.");
    }

    public void Asked(string channel, UsageVerdict verdict) => _asked.Add(1, new TagList { { "channel", channel }, { "result", UsageVerdicts.NameOf(verdict) } });

    /// <param name="source"><c>live</c>, <c>probe</c> or <c>none</c>.</param>
    public void Read(string source) => _served.Add(1, new KeyValuePair<string, object?>("source", source));

    public void Seen(IEnumerable<(string Kind, string Status)> accounts) =>
        _accounts = [.. accounts.GroupBy(account => account).Select(group => (group.Key.Kind, group.Key.Status, group.Count()))];
}
