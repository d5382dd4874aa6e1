using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Trinity.AgentServer;

/// <summary>What the agent server counts.</summary>
internal sealed class AgentServerMetrics
{
    public const string MeterName = "Trinity.AgentServer";

    private readonly UpDownCounter<int> _running;
    private readonly Counter<long> _tasks;
    private readonly Counter<long> _reloads;

    public AgentServerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _running = meter.CreateUpDownCounter<int>("trinity_agent_tasks_running", null, "Tasks that run now.");
        _tasks = meter.CreateCounter<long>("trinity_agent_tasks", null, "Tasks that ended, by outcome.");
        _reloads = meter.CreateCounter<long>("trinity_agent_credential_reloads", null, "Credential reloads by result: applied, repeated, revoked, invalid, stale, conflict, failed.");
    }

    public void TaskStarted() => _running.Add(1);

    public void TaskEnded(string outcome)
    {
        _running.Add(-1);
        _tasks.Add(1, new TagList { { "outcome", outcome } });
    }

    public void Reloaded(string result) => _reloads.Add(1, new TagList { { "result", result } });
}
