namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>The fingerprints of tokens that may not read their account's usage, for a day: setup tokens lack the scope for as long as they live.</summary>
/// <remarks>Any thread reads and writes; <c>_lock</c> guards the dictionary.</remarks>
internal sealed class TokensWithoutUsage(TimeProvider time)
{
    public const int Capacity = 1000;

    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _learnedAt = new(StringComparer.Ordinal);

    public bool Contains(string fingerprint)
    {
        lock (_lock)
        {
            return _learnedAt.TryGetValue(fingerprint, out var learned) && time.GetUtcNow() - learned < KeepFor;
        }
    }

    /// <summary>When there is no room, the one that was learned first is forgotten; to ask in vain once more is all that costs.</summary>
    public void Add(string fingerprint)
    {
        lock (_lock)
        {
            if (_learnedAt.Count >= Capacity && !_learnedAt.ContainsKey(fingerprint))
            {
                _learnedAt.Remove(_learnedAt.MinBy(token => token.Value).Key);
            }

            _learnedAt[fingerprint] = time.GetUtcNow();
        }
    }
}
