using System.Text.Json;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Reads what Anthropic's usage endpoint replies: windows in percent, money in cents.</summary>
internal static class AnthropicUsage
{
    private const double CentsInDollar = 100;
    private static readonly string[] Windows = [PlanWindows.FiveHour, PlanWindows.SevenDay, PlanWindows.SevenDayOpus, PlanWindows.SevenDaySonnet]; // the provider's own names

    public static PlanLimits Read(JsonElement usage) => new()
    {
        Windows = [.. Windows.SelectMany(name => usage.Object(name) is { } window
            ? new PlanWindow { Name = name, Utilization = window.Percent("utilization"), ResetsAt = window.Instant("resets_at") }.WhenTold()
            : [])],
        Credit = usage.Object("extra_usage") is { } extra ? Credit(extra) : null,
    };

    // What is not switched on is no money that could be spent; other currencies would be taken for dollars.
    private static PlanCredit? Credit(JsonElement extra)
    {
        if (extra.Bool("is_enabled") != true || extra.Text("currency") is not (null or "USD"))
        {
            return null;
        }

        var (limit, used) = (extra.Number("monthly_limit") / CentsInDollar, extra.Number("used_credits") / CentsInDollar);
        return (limit ?? used) is null ? null : new PlanCredit { Limit = limit, Used = used };
    }
}
