using System.Collections.Concurrent;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Wakes the reconciler: many raises before it looks are one.</summary>
/// <remarks><c>_raised</c> is released by anybody and taken by the reconciler alone; so is <c>_agents</c>, whose containers something happened to.</remarks>
internal sealed class AgentSignal : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0, 1);
    private readonly ConcurrentDictionary<Guid, byte> _agents = new();

    public void Raise()
    {
        try
        {
            _raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is raised already.
        }
    }

    /// <summary>Something happened to this agent's container.</summary>
    public void Raise(Guid agentId)
    {
        _agents[agentId] = 0;
        Raise();
    }

    /// <summary>The agents that were named since the last call.</summary>
    public IReadOnlySet<Guid> TakeAgents()
    {
        var taken = new HashSet<Guid>();
        foreach (var id in _agents.Keys)
        {
            if (_agents.TryRemove(id, out _))
            {
                taken.Add(id);
            }
        }

        return taken;
    }

    /// <summary>Returns when raised, or after <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _raised.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look anyway.
        }
    }

    public void Dispose() => _raised.Dispose();
}
