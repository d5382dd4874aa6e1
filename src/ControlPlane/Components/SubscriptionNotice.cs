using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Components;

/// <summary>What was done to a subscription, carried by the address that a form's reply leads to. Of an address, which anybody can make up, only known words count.</summary>
internal static class SubscriptionNotice
{
    public const string Assigned = "assigned";
    public const string Unassigned = "unassigned";

    private const string Registered = "registered";
    private const string TokenSaved = "token_saved";
    private const string Deleted = "deleted";
    private const string DoneQuery = "done";
    private const string OpenQuery = "open";
    private const string DeliveryQuery = "delivery";
    private const string RolloutQuery = "rollout";
    private const string UnusualQuery = "unusual";

    public static string PathOf(Written<SubscriptionView> written, bool isNew) => PathOf(
        (DoneQuery, isNew ? Registered : TokenSaved),
        (OpenQuery, written.Value.Name),
        (RolloutQuery, written.RolloutId?.ToString("D")),
        (UnusualQuery, written.Value.Warnings is { Count: > 0 } ? "true" : null));

    public static string PathOf(string subscription, string done, string delivery) => PathOf((DoneQuery, done), (OpenQuery, subscription), (DeliveryQuery, delivery));

    public static string PathOfDeletion(Written<Guid> written) => PathOf((DoneQuery, Deleted), (RolloutQuery, written.RolloutId?.ToString("D")));

    /// <summary>The subscription whose row is to be open; null: none.</summary>
    public static string? OpenOf(IQueryCollection query) => query[OpenQuery];

    /// <summary>Null: nothing was done.</summary>
    public static string? Of(IQueryCollection query)
    {
        var done = query[DoneQuery].ToString() switch
        {
            Registered => "The subscription is registered.",
            TokenSaved => "The token is saved. Agents on the subscription get it while they run.",
            Deleted => "The subscription is deleted. Its token is being taken out of its agents.",
            Assigned => "The agent is assigned.",
            Unassigned => "The agent has no subscription any more.",
            _ => null,
        };
        return done is null ? null : string.Join(' ', new[] { done, Deliveries.Describe(query[DeliveryQuery]), Unusual(query), Watch(query) }.OfType<string>());
    }

    private static string? Unusual(IQueryCollection query) => query[UnusualQuery] == "true" ? "But the token does not look like those of 'claude setup-token'; an API key belongs to a provider instead." : null;

    private static string? Watch(IQueryCollection query) => Guid.TryParseExact(query[RolloutQuery], "D", out var rollout)
        ? $"Revoke the old token at its provider when {RolloutEndpoints.PathOf(rollout)} says safe_to_revoke."
        : null;

    private static string PathOf(params IEnumerable<(string Name, string? Value)> query) =>
        $"{ConsolePaths.Subscriptions}?{string.Join('&', query.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"))}";
}
