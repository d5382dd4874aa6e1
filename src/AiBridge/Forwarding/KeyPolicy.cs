using System.Net;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Forwarding;

/// <summary>What a reply means for the key that was used.</summary>
internal enum KeyVerdict
{
    /// <summary>The reply is the client's.</summary>
    Relay,

    /// <summary>The reply is thrown away unread; another key is tried, or the exhaustion of all keys is answered.</summary>
    Discard,
}

/// <summary>Cools a key down that the provider limits (429) or refuses (401), and says whether the client should see that reply.</summary>
/// <remarks>What one request brings about must not take the key from all others: only routes that serve models tell of a key's health, and a request that chooses organization or project itself does so only in part.</remarks>
internal sealed partial class KeyPolicy(BridgeMetrics metrics, TimeProvider time, ILogger<KeyPolicy> logger)
{
    // With them a client chooses for whom OpenAI looks at the key: it refuses a valid one that is not of that organization or project, and a project has limits of its own.
    private const string Organization = "OpenAI-Organization";
    private const string Project = "OpenAI-Project";

    public KeyVerdict Judge(HttpResponseMessage response, Exchange exchange, RingKey key, int nextKey)
    {
        var now = time.GetUtcNow();
        var bridge = exchange.Bridge;
        var tellsOfTheKey = exchange.Route.Route.Bridged && !IsChosenByTheClient(exchange, Project); // a vendor's telemetry refuses keys that serve models, and counting tokens has limits of its own
        switch (response.StatusCode)
        {
            case HttpStatusCode.TooManyRequests:
                if (tellsOfTheKey)
                {
                    CoolDown(bridge, key, CooldownReason.RateLimited, RetryAfter(response, now), now);
                }

                return HasAnother(bridge, nextKey, now) ? KeyVerdict.Discard : KeyVerdict.Relay; // the last one's reply says best when to try again
            case HttpStatusCode.Unauthorized:
                if (tellsOfTheKey && !IsChosenByTheClient(exchange, Organization))
                {
                    CoolDown(bridge, key, CooldownReason.Unauthorized, KeyHealth.DefaultCooldown, now);
                }

                return KeyVerdict.Discard; // a 401 would make the client doubt its own, valid, key
            default:
                return KeyVerdict.Relay;
        }
    }

    private static bool IsChosenByTheClient(Exchange exchange, string header) =>
        exchange.Context.Request.Headers.ContainsKey(header) && !exchange.Bridge.Provider.Config.Settings.ExtraHeaders.Keys.Contains(header, StringComparer.OrdinalIgnoreCase);

    private static bool HasAnother(Bridge bridge, int nextKey, DateTimeOffset now) => bridge.Keys.Next(ref nextKey, now) is not null;

    private void CoolDown(Bridge bridge, RingKey key, CooldownReason reason, TimeSpan duration, DateTimeOffset now)
    {
        var label = Cooldown.NameOf(reason);
        key.Health.CoolDown(reason, duration, now);
        metrics.KeyCoolingDown(bridge.Provider.Name, label);
        Log.KeyCoolingDown(logger, key.Key.Id, bridge.Provider.Name, duration.TotalSeconds, label);
    }

    private static TimeSpan RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date - now);
        return wait > TimeSpan.Zero ? wait.Value : KeyHealth.DefaultCooldown;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.KeyCoolingDown, LogLevel.Warning, "Key {KeyId} of {Provider} cools down for {Seconds} s: {Reason}.")]
        public static partial void KeyCoolingDown(ILogger logger, Guid keyId, string provider, double seconds, string reason);
    }
}
