using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Asking;

/// <summary>The last answers of channels, and who is being asked now: however many want to know, one asks.</summary>
/// <remarks>
/// <c>_gate</c> guards every field; nothing is awaited under it. What could not be found out is never kept, so it replaces no answer.
/// An answer that was asked for before an invalidation, or with another credential than its key names, goes to those who wait for it and is not kept.
/// </remarks>
internal sealed class UsageCache(TimeProvider time, TimeSpan keepFor, int capacity = UsageCache.DefaultCapacity)
{
    public const int DefaultCapacity = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<UsageKey, UsageAnswer> _answers = [];
    private readonly Dictionary<UsageKey, Task<UsageAnswer>> _flights = [];
    private readonly Dictionary<string, long> _generations = new(StringComparer.Ordinal); // by channel; one that is missing was never invalidated

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _answers.Count;
            }
        }
    }

    /// <summary>The last answer, however old.</summary>
    public UsageAnswer? Find(UsageKey key)
    {
        lock (_gate)
        {
            return _answers.GetValueOrDefault(key);
        }
    }

    /// <summary>Whether the answer need not be asked for again.</summary>
    public bool IsFresh(UsageAnswer answer) => time.GetUtcNow() - answer.At < keepFor;

    /// <summary>Asks, or waits for the answer that somebody asked for already. It must not throw; who leaves leaves the others alone.</summary>
    /// <param name="key">What is asked about, and with which credential.</param>
    /// <param name="ask">Has a deadline of its own.</param>
    public Task<UsageAnswer> AskAsync(UsageKey key, Func<Task<UsageAnswer>> ask)
    {
        TaskCompletionSource<UsageAnswer> flight;
        long generation;
        lock (_gate)
        {
            if (_flights.TryGetValue(key, out var running))
            {
                return running;
            }

            flight = new TaskCompletionSource<UsageAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            generation = _generations.GetValueOrDefault(key.Channel);
            _flights[key] = flight.Task;
        }

        _ = FlyAsync(key, generation, flight, ask);
        return flight.Task;
    }

    /// <summary>Forgets the answers of a channel for every account, and makes those worthless that are on their way. Null: of all channels.</summary>
    public void Invalidate(string? channel)
    {
        lock (_gate)
        {
            foreach (var name in channel is null ? [UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter] : (string[])[channel])
            {
                _generations[name] = _generations.GetValueOrDefault(name) + 1;
                foreach (var key in _answers.Keys.Where(key => key.Channel == name).ToList())
                {
                    _answers.Remove(key);
                }

                foreach (var key in _flights.Keys.Where(key => key.Channel == name).ToList())
                {
                    _flights.Remove(key); // whoever asks from now on asks anew
                }
            }
        }
    }

    private async Task FlyAsync(UsageKey key, long generation, TaskCompletionSource<UsageAnswer> flight, Func<Task<UsageAnswer>> ask)
    {
        try
        {
            var answer = await ask();
            Land(key, generation, flight, answer);
            flight.SetResult(answer);
        }
        catch (Exception exception)
        {
            Land(key, generation, flight, answer: null);
            flight.SetException(exception);
        }
    }

    private void Land(UsageKey key, long generation, TaskCompletionSource<UsageAnswer> flight, UsageAnswer? answer)
    {
        lock (_gate)
        {
            if (_flights.GetValueOrDefault(key) == flight.Task)
            {
                _flights.Remove(key);
            }

            if (answer is { Reply.Verdict: not UsageVerdict.Unavailable } && answer.Credential == key.Credential && generation == _generations.GetValueOrDefault(key.Channel))
            {
                _answers[key] = answer;
                if (_answers.Count > capacity)
                {
                    _answers.Remove(_answers.MinBy(entry => entry.Value.At).Key);
                }
            }
        }
    }
}

/// <summary>What is asked about.</summary>
/// <param name="Channel">One of <see cref="UsageChannels"/>.</param>
/// <param name="Account">The account's key.</param>
/// <param name="Credential">The fingerprint of its credential, or <c>key:</c> and a provider key's id.</param>
internal sealed record UsageKey(string Channel, string Account, string Credential);

/// <summary>What came of asking.</summary>
/// <param name="Reply">The channel's.</param>
/// <param name="Credential">The credential that it was asked with; a home's worker reads it itself.</param>
/// <param name="At">When it was answered.</param>
internal sealed record UsageAnswer(UsageReply Reply, string Credential, DateTimeOffset At);
