using System.Collections.Concurrent;

namespace Trinity.AiBridge.Forwarding;

/// <summary>The health of every provider key, process-wide. Requests add and read; a reload removes the keys that are gone.</summary>
internal sealed class KeyHealthRegistry
{
    private readonly ConcurrentDictionary<Guid, KeyHealth> _keys = new();

    public KeyHealth Get(Guid keyId) => _keys.GetOrAdd(keyId, static _ => new KeyHealth());

    /// <summary>The keys that cool down now, the longest first, at most so many.</summary>
    public IEnumerable<(Guid KeyId, Cooldown Cooldown)> Cooling(DateTimeOffset now, int max) => _keys
        .Select(key => (key.Key, Cooldown: key.Value.CooldownAt(now)))
        .Where(key => key.Cooldown is not null)
        .Select(key => (key.Key, key.Cooldown!.Value))
        .OrderByDescending(key => key.Value.Until)
        .Take(max);

    /// <summary>Forgets keys that no provider has any more.</summary>
    public void Keep(IReadOnlySet<Guid> keyIds)
    {
        foreach (var id in _keys.Keys)
        {
            if (!keyIds.Contains(id))
            {
                _keys.TryRemove(id, out _);
            }
        }
    }
}
