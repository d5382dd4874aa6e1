using System.Text.Json;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Reads what OpenRouter says of a key: three numbers of dollars. The rest, such as its label and owner, is nobody's business.</summary>
internal static class OpenRouterUsage
{
    public static PlanLimits Read(JsonElement reply)
    {
        if (reply.Object("data") is not { } key)
        {
            return new PlanLimits();
        }

        var credit = new PlanCredit { Limit = key.Number("limit"), Used = key.Number("usage"), Remaining = key.Number("limit_remaining") };
        return new PlanLimits
        {
            Credit = credit == new PlanCredit() ? null : credit,
            Windows = credit.Limit is { } limit ? [new PlanWindow { Name = PlanWindows.Credit, Utilization = Utilization(limit, credit) }] : [],
        };
    }

    // What is left counts, where it is told: usage goes on growing when a limit begins anew each month.
    private static double? Utilization(double limit, PlanCredit credit) =>
        limit == 0 ? 1 : ChannelJson.Fraction((credit.Remaining <= limit ? limit - credit.Remaining : credit.Used) / limit);
}
