using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads the <c>x-codex-*</c> headers, which tell of the limits of a ChatGPT plan.</summary>
public static class CodexLimits
{
    private const string PrimaryUsed = "x-codex-primary-used-percent";
    private const string SecondaryUsed = "x-codex-secondary-used-percent";
    private const string HasCredits = "x-codex-credits-has-credits";

    private static readonly (string Name, string Used, string Minutes, string ResetAt, string ResetAfter)[] Known =
    [
        (PlanWindows.Primary, PrimaryUsed, "x-codex-primary-window-minutes", "x-codex-primary-reset-at", "x-codex-primary-reset-after-seconds"),
        (PlanWindows.Secondary, SecondaryUsed, "x-codex-secondary-window-minutes", "x-codex-secondary-reset-at", "x-codex-secondary-reset-after-seconds"),
    ];

    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (!headers.HasAny(PrimaryUsed, SecondaryUsed, HasCredits))
        {
            return null;
        }

        var limits = new PlanLimits { Plan = headers.Word("x-codex-plan-type"), Windows = [.. Windows(headers, now)], Credit = Credit(headers) };
        return limits.IsEmpty ? null : limits;
    }

    // A length without any figure says nothing.
    private static IEnumerable<PlanWindow> Windows(HttpResponseHeaders headers, DateTimeOffset now)
    {
        foreach (var (name, used, minutes, resetAt, resetAfter) in Known)
        {
            var window = new PlanWindow
            {
                Name = name,
                Utilization = headers.Percent(used),
                ResetsAt = headers.Instant(resetAt) ?? headers.AfterSeconds(resetAfter, now), // the second is what older servers say
                Minutes = headers.Count(minutes) is > 0 and <= int.MaxValue and var length ? (int)length : null,
            };
            if (window is not { Utilization: null, ResetsAt: null })
            {
                yield return window;
            }
        }
    }

    // An account that never bought any has a balance of nothing, which is no limit that was reached; one without end has none.
    private static PlanCredit? Credit(HttpResponseHeaders headers) =>
        headers.Flag(HasCredits) == true && headers.Flag("x-codex-credits-unlimited") != true && headers.Amount("x-codex-credits-balance") is { } balance
            ? new PlanCredit { Unit = PlanCredit.Credits, Remaining = balance }
            : null;
}
