using Trinity.AgentServer.Tasks;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>A task that an agent runs until the test ends it: in the agent server's books it is like any other, but there is no process.</summary>
/// <remarks><c>_isEnded</c> is set once, by whoever ends it first: the test, a cancelling request or the container's end.</remarks>
internal sealed class FakeTask
{
    private readonly TaskTable _table;
    private readonly AgentTask _task;
    private int _isEnded;

    public FakeTask(TaskTable table, AgentTask task)
    {
        (_table, _task) = (table, task);
        task.Cancelled.UnsafeRegister(static state => ((FakeTask)state!).End(TaskOutcome.Cancelled), this);
    }

    public string Id => _task.Started.TaskId;

    /// <summary>The credential that it began with, and keeps.</summary>
    public string? Token => _task.Credential.Snapshot.Token?.Reveal();

    public long Generation => _task.Started.Generation;

    public void End(TaskOutcome outcome = TaskOutcome.Completed)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            _table.End(_task, _task.Started with { Outcome = outcome, EndedAt = _task.Started.StartedAt });
        }
    }
}
