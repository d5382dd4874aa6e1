using System.Collections.Concurrent;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Agents;

/// <summary>The reconciler's work: one piece per agent at a time, many agents in parallel. An agent that is slow to answer holds up itself alone.</summary>
/// <remarks>
/// One loop begins work. <c>_underWay</c> is a claim on an agent, made by the loop and given back by the work. <c>_missed</c> names agents that were to be worked on
/// meanwhile, and whether for an event; whoever finds a claim gone takes the name out and has another round begin.
/// </remarks>
internal sealed class AgentWork(AgentSignal signal) : IDisposable
{
    /// <summary>Agents worked on at once. Each may hold a lock, which is a connection to the database.</summary>
    public const int Parallel = 24;

    private readonly SemaphoreSlim _places = new(Parallel);
    private readonly ConcurrentDictionary<Guid, byte> _underWay = new();
    private readonly ConcurrentDictionary<Guid, bool> _missed = new();
    private readonly List<Task> _begun = [];

    /// <summary>Begins it, unless the agent is worked on: then another round comes when that has ended.</summary>
    /// <returns>The work that was begun; nothing to wait for when none was.</returns>
    public Task Begin(Guid agentId, bool hadEvent, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        _begun.RemoveAll(task => task.IsCompleted);
        if (!_underWay.TryAdd(agentId, 0))
        {
            _missed.AddOrUpdate(agentId, hadEvent, (_, before) => before || hadEvent);
            if (!_underWay.ContainsKey(agentId))
            {
                TellMissed(agentId); // it ended just now, perhaps before it could know
            }

            return Task.CompletedTask;
        }

        var begun = RunAsync(agentId, work, cancellationToken);
        _begun.Add(begun);
        return begun;
    }

    /// <summary>Returns when all that was begun has ended, whichever way.</summary>
    public async Task WhenEndedAsync() => await Task.WhenAll(_begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public void Dispose() => _places.Dispose();

    private async Task RunAsync(Guid agentId, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await _places.WaitAsync(cancellationToken);
            try
            {
                await work(cancellationToken);
            }
            finally
            {
                _places.Release();
            }
        }
        finally
        {
            _underWay.TryRemove(agentId, out _);
            TellMissed(agentId);
        }
    }

    private void TellMissed(Guid agentId)
    {
        if (!_missed.TryRemove(agentId, out var hadEvent))
        {
            return;
        }

        if (hadEvent)
        {
            signal.Raise(agentId);
        }
        else
        {
            signal.Raise();
        }
    }
}
