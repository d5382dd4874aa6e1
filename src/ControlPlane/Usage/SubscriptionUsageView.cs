using System.Text.Json.Serialization;

namespace Trinity.ControlPlane.Usage;

/// <summary>What went through the bridges on a subscription.</summary>
/// <param name="Subscription">Its name.</param>
/// <param name="FiveHours">Of the last five hours, whatever the provider's own window is.</param>
/// <param name="SevenDays">Of the last seven days.</param>
/// <param name="Agents">The agents' shares of the seven days, the one with most tokens first.</param>
internal sealed record SubscriptionUsageView(
    string Subscription, [property: JsonPropertyName("window_5h")] TokenTotals FiveHours, [property: JsonPropertyName("window_7d")] TokenTotals SevenDays, IReadOnlyList<AgentShare> Agents)
{
    public static SubscriptionUsageView Of(string subscription, IReadOnlyList<SubscriptionUsageRow> rows) => new(
        subscription,
        TokenTotals.Of(rows.Where(row => row.Recent)),
        TokenTotals.Of(rows),
        [
            .. rows.GroupBy(row => row.Agent, StringComparer.Ordinal)
                .Select(share => new AgentShare(share.Key, TokenTotals.Of(share)))
                .OrderByDescending(share => share.Totals.All)
                .ThenBy(share => share.Agent, StringComparer.Ordinal),
        ]);
}

/// <param name="Agent">Its name; null: callers that are no agents.</param>
/// <param name="Totals">Of the seven days.</param>
internal sealed record AgentShare(string? Agent, TokenTotals Totals);

/// <summary>Requests and tokens.</summary>
internal sealed record TokenTotals
{
    public required long Requests { get; init; }

    public required long Input { get; init; }

    public required long Output { get; init; }

    public required long CacheRead { get; init; }

    public required long CacheWrite { get; init; }

    public required long Reasoning { get; init; }

    [JsonIgnore]
    public long All => Input + Output + CacheRead + CacheWrite;

    public static TokenTotals Of(IEnumerable<SubscriptionUsageRow> rows) => rows.Aggregate(
        new TokenTotals { Requests = 0, Input = 0, Output = 0, CacheRead = 0, CacheWrite = 0, Reasoning = 0 },
        (sum, row) => new TokenTotals
        {
            Requests = sum.Requests + row.Requests,
            Input = sum.Input + row.Input,
            Output = sum.Output + row.Output,
            CacheRead = sum.CacheRead + row.CacheRead,
            CacheWrite = sum.CacheWrite + row.CacheWrite,
            Reasoning = sum.Reasoning + row.Reasoning,
        });
}
