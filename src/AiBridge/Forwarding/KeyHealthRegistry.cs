using System.Collections.Concurrent;

namespace Trinity.AiBridge.Forwarding;

/// <summary>The health of every provider key, process-wide. Requests add and read; a reload removes the keys that are gone.</summary>
internal sealed class KeyHealthRegistry
{
    private readonly ConcurrentDictionary<Guid, KeyHealth> _keys = new();

    public KeyHealth Get(Guid keyId) => _keys.GetOrAdd(keyId, static _ => new KeyHealth());

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
