using Trinity.AiBridge.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Forwarding;

/// <summary>A provider's keys in order, with their health: the first that is not cooling down is used.</summary>
/// <remarks>Immutable; the health it points to is shared with other rings of the same keys.</remarks>
internal sealed class KeyRing(IReadOnlyList<ProviderKey> keys, KeyHealthRegistry registry)
{
    private readonly RingKey[] _keys = [.. keys.Select(key => new RingKey(key, registry.Get(key.Id), $"key:{key.Id}"))];

    public int Count => _keys.Length;

    /// <summary>The next usable key at or after <paramref name="index"/>, which moves behind it; null when there is none.</summary>
    public RingKey? Next(ref int index, DateTimeOffset now)
    {
        while (index < _keys.Length)
        {
            var key = _keys[index++];
            if (key.Health.Remaining(now, out _) == TimeSpan.Zero)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>How many keys are in each state: <c>usable</c>, or why they cool down.</summary>
    public IEnumerable<(string State, int Count)> States(DateTimeOffset now) => _keys
        .GroupBy(key => key.Health.CooldownAt(now)?.ReasonName ?? "usable", StringComparer.Ordinal)
        .Select(state => (state.Key, state.Count()));

    /// <summary>What to answer when no key is left to try: 429 with the shortest wait when all of them cool down, one at least for its limits; else 502, as the provider accepts none.</summary>
    public BridgeError Exhausted(DateTimeOffset now)
    {
        var shortest = TimeSpan.MaxValue;
        var rateLimited = false;
        foreach (var key in _keys)
        {
            var remaining = key.Health.Remaining(now, out var reason);
            rateLimited |= reason == CooldownReason.RateLimited;
            shortest = remaining < shortest ? remaining : shortest;
        }

        return rateLimited && shortest > TimeSpan.Zero
            ? new BridgeError(StatusCodes.Status429TooManyRequests, "keys_rate_limited", "All keys of this provider are rate-limited.", shortest)
            : new BridgeError(StatusCodes.Status502BadGateway, "keys_unauthorized", "The provider accepts none of its configured keys.");
    }
}

/// <summary>A key with its health.</summary>
/// <param name="Key">As configured.</param>
/// <param name="Health">Shared with other rings of the same key.</param>
/// <param name="Credential">What records call it: <c>key:</c> and its id.</param>
internal sealed record RingKey(ProviderKey Key, KeyHealth Health, string Credential);
