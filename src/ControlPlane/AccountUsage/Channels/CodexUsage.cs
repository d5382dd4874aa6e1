using System.Text.Json;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Reads what Codex's usage endpoint replies.</summary>
internal static class CodexUsage
{
    public static PlanLimits Read(JsonElement usage)
    {
        var limits = new PlanLimits { Plan = usage.Word("plan_type"), Credit = usage.Object("credits") is { } credits ? Credit(credits) : null };
        if (usage.Object("rate_limit") is not { } rate)
        {
            return limits;
        }

        List<PlanWindow> windows = [.. Window(PlanWindows.Primary, rate.Object("primary_window")), .. Window(PlanWindows.Secondary, rate.Object("secondary_window"))];
        var status = Status(rate.Bool("allowed"), rate.Bool("limit_reached"));
        var exhausted = PlanLimits.Refuses(status) ? windows.Where(window => window.Utilization >= 1).MaxBy(window => window.ResetsAt) : null;
        return limits with { Status = status, Claim = exhausted?.Name, ResetsAt = exhausted?.ResetsAt, Windows = windows };
    }

    private static string? Status(bool? isAllowed, bool? isReached) => (isAllowed, isReached) switch
    {
        (null, null) => null,
        (false, _) or (_, true) => "rejected",
        _ => "allowed",
    };

    private static IEnumerable<PlanWindow> Window(string name, JsonElement? window) => window is { } told
        ? new PlanWindow { Name = name, Utilization = told.Percent("used_percent"), ResetsAt = told.UnixSeconds("reset_at"), Minutes = told.Minutes("limit_window_seconds") }.WhenTold()
        : [];

    // A balance without an end is none.
    private static PlanCredit? Credit(JsonElement credits) =>
        credits.Bool("has_credits") != false && credits.Bool("unlimited") != true && credits.NumberOrText("balance") is { } balance ? new PlanCredit { Unit = PlanCredit.Credits, Remaining = balance } : null;
}
