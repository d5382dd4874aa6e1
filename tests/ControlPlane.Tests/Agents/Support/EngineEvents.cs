using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>The engine's events: each who listens gets those of its labels from its call on.</summary>
/// <remarks><c>_lock</c> guards both lists.</remarks>
internal sealed class EngineEvents
{
    private readonly Lock _lock = new();
    private readonly List<Subscription> _subscriptions = [];
    private readonly List<ContainerEvent> _all = [];

    /// <summary>All that there were, for whoever looks for what may be in none.</summary>
    public IReadOnlyList<ContainerEvent> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    public int Listeners
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Count;
            }
        }
    }

    public void Raise(ContainerEvent happened)
    {
        lock (_lock)
        {
            _all.Add(happened);
            foreach (var subscription in _subscriptions.Where(subscription => subscription.Labels.All(label => happened.Labels.Contains(label))))
            {
                subscription.Events.Writer.TryWrite(happened);
            }
        }
    }

    /// <summary>Ends every stream with this failure.</summary>
    public void Break(EngineException failure)
    {
        lock (_lock)
        {
            _subscriptions.ForEach(subscription => subscription.Events.Writer.TryComplete(failure));
            _subscriptions.Clear();
        }
    }

    public IAsyncEnumerable<ContainerEvent> Listen(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var subscription = new Subscription(labels, Channel.CreateUnbounded<ContainerEvent>());
        lock (_lock)
        {
            _subscriptions.Add(subscription);
        }

        return ReadAsync(subscription, cancellationToken);
    }

    private async IAsyncEnumerable<ContainerEvent> ReadAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in subscription.Events.Reader.ReadAllAsync(cancellationToken))
            {
                yield return happened;
            }
        }
        finally
        {
            lock (_lock)
            {
                _subscriptions.Remove(subscription);
            }
        }
    }

    private sealed record Subscription(IReadOnlyDictionary<string, string> Labels, Channel<ContainerEvent> Events);
}
