using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>Subscriptions as tables of the deciding tests name them. All times are counted from <see cref="Now"/>.</summary>
internal static class Candidates
{
    public static DateTimeOffset Now { get; } = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset MinutesAgo(double minutes) => Now.AddMinutes(-minutes);

    /// <summary>A subscription of which nothing is known; its id and token follow from its name.</summary>
    public static Candidate Unknown(string name, int agents = 0) => new() { Id = IdOf(name), Name = name, Fingerprint = $"token-of-{name}", Agents = agents };

    /// <summary>One whose provider has said a minute ago that it serves.</summary>
    public static Candidate Measured(string name, double used, int agents = 0) => Unknown(name, agents).Heard("allowed", minutesAgo: 1, fiveHour: used);

    public static Guid IdOf(string name) => new(name.PadLeft(16, '0').Select(character => (byte)character).ToArray());

    public static Candidate Failed(this Candidate candidate, FailureKind kind, double minutesAgo, double? resetsInMinutes = null, double? retryInMinutes = null, string? fingerprint = null) => candidate with
    {
        Failures =
        [
            .. candidate.Failures,
            new(kind, fingerprint ?? candidate.Fingerprint, MinutesAgo(minutesAgo), resetsInMinutes is { } reset ? Now.AddMinutes(reset) : null, retryInMinutes is { } retry ? Now.AddMinutes(retry) : null),
        ],
    };

    public static Candidate Heard(
        this Candidate candidate, string status, double minutesAgo, double? fiveHour = null, double? sevenDay = null, double resetsInMinutes = 60, string? windowStatus = null, string? fingerprint = null) => candidate with
        {
            Headroom = new KnownLimits
            {
                Credential = fingerprint ?? candidate.Fingerprint,
                Limits = new PlanLimits
                {
                    Status = status,
                    Windows =
                [
                    new() { Name = PlanWindows.FiveHour, Utilization = fiveHour, ResetsAt = Now.AddMinutes(resetsInMinutes), Status = windowStatus ?? status },
                    new() { Name = PlanWindows.SevenDay, Utilization = sevenDay, ResetsAt = Now.AddDays(3) },
                ],
                },
                ObservedAt = MinutesAgo(minutesAgo),
                Source = LimitsSource.Live,
                Detail = "test",
            },
        };
}
