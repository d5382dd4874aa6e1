using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Counts decisions on failures, and refusals that bridges reported.</summary>
internal sealed class AutoSwitchMetrics
{
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _refusals;

    public AutoSwitchMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ControlPlaneMetrics.MeterName);
        _decisions = meter.CreateCounter<long>("trinity.control.auto_switch", "{decision}", "What followed from failures of subscriptions, by action, kind of failure and who saw it.");
        _refusals = meter.CreateCounter<long>("trinity.control.refusals", "{refusal}", "Refusals that bridges reported, by whose credential it was.");
    }

    public void Decided(SwitchDecision decision) => _decisions.Add(1, new TagList
    {
        { "action", SwitchActions.NameOf(decision.Action) },
        { "kind", decision.Trigger.KindName },
        { "source", decision.Trigger.Source },
    });

    /// <param name="whose"><c>agent</c>, <c>subscription</c> (used by somebody else) or <c>other</c>.</param>
    public void RefusalSeen(string whose) => _refusals.Add(1, new KeyValuePair<string, object?>("whose", whose));
}
