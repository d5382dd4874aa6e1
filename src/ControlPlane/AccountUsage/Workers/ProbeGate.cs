namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Lets in so many probes at once, so many of one home, and of the homes that wait each in its turn: one home that hangs delays no other.</summary>
/// <remarks>
/// <c>_lock</c> guards everything here and is held for no more than moving entries. After every call either all turns are taken or each home that waits has
/// as many as it may; that is why who finds a turn free may take it without looking at the line.
/// </remarks>
internal sealed class ProbeGate(int total, int perHome)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HomeQueue> _homes = new(StringComparer.Ordinal);
    private readonly LinkedList<HomeQueue> _waitingHomes = [];
    private int _running;

    /// <summary>Waits for a turn, which the caller gives back by disposing of it.</summary>
    public async Task<IDisposable> EnterAsync(string home, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryEnter(home) is not { } waiting)
        {
            return new Turn(this, home);
        }

        try
        {
            await waiting.Task.WaitAsync(cancellationToken);
            return new Turn(this, home);
        }
        catch (OperationCanceledException)
        {
            Withdraw(home, waiting);
            throw;
        }
    }

    /// <summary>Null: the turn is taken. Else a place in the line.</summary>
    private TaskCompletionSource? TryEnter(string home)
    {
        lock (_lock)
        {
            if (!_homes.TryGetValue(home, out var queue))
            {
                _homes.Add(home, queue = new HomeQueue(home));
            }

            if (_running < total && queue.Running < perHome)
            {
                _running++;
                queue.Running++;
                return null;
            }

            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            queue.Line.AddLast(waiting);
            if (queue.Line.Count == 1)
            {
                _waitingHomes.AddLast(queue);
            }

            return waiting;
        }
    }

    private void Leave(string home)
    {
        lock (_lock)
        {
            _running--;
            _homes[home].Running--;
            Admit();
            Forget(_homes[home]);
        }
    }

    // One turn per home and round: who was let in goes to the end of the homes' line.
    private void Admit()
    {
        for (var (node, left) = (_waitingHomes.First, _waitingHomes.Count); node is not null && left > 0 && _running < total; left--)
        {
            var (next, queue) = (node.Next, node.Value);
            if (queue.Running < perHome)
            {
                _running++;
                queue.Running++;
                queue.Line.First!.Value.SetResult();
                queue.Line.RemoveFirst();
                _waitingHomes.Remove(node);
                if (queue.Line.Count > 0)
                {
                    _waitingHomes.AddLast(node);
                }
            }

            node = next;
        }
    }

    private void Withdraw(string home, TaskCompletionSource waiting)
    {
        lock (_lock)
        {
            var queue = _homes[home]; // there is one as long as somebody waits or has a turn
            if (queue.Line.Remove(waiting))
            {
                if (queue.Line.Count == 0)
                {
                    _waitingHomes.Remove(queue);
                }

                Forget(queue);
                return;
            }
        }

        Leave(home); // it was let in while it gave up
    }

    private void Forget(HomeQueue queue)
    {
        if (queue.Running == 0 && queue.Line.Count == 0)
        {
            _homes.Remove(queue.Home);
        }
    }

    /// <summary>One home's part: how many of its probes run, and who waits.</summary>
    private sealed class HomeQueue(string home)
    {
        public string Home => home;

        public int Running { get; set; }

        public LinkedList<TaskCompletionSource> Line { get; } = [];
    }

    private sealed class Turn(ProbeGate gate, string home) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
            {
                gate.Leave(home);
            }
        }
    }
}
