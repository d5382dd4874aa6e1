using Trinity.Shared.Limits;

namespace Trinity.Shared.Tests.Limits;

public sealed class CodexLimitsTests
{
    [Fact]
    public void Read_AllHeaders_IsAllThatTheySay()
    {
        var limits = Read("""
            x-codex-plan-type: plus
            x-codex-primary-used-percent: 12.5
            x-codex-primary-window-minutes: 300
            x-codex-primary-reset-at: 1893456000
            x-codex-secondary-used-percent: 98
            x-codex-secondary-window-minutes: 10080
            x-codex-secondary-reset-at: 1893542400
            x-codex-credits-has-credits: True
            x-codex-credits-unlimited: False
            x-codex-credits-balance: 5.39
            """)!;

        Assert.Equal(
            """{"plan":"plus","windows":[{"name":"primary","utilization":0.125,"resets_at":"2030-01-01T00:00:00+00:00","minutes":300},"""
            + """{"name":"secondary","utilization":0.98,"resets_at":"2030-01-02T00:00:00+00:00","minutes":10080}],"credit":{"unit":"credits","remaining":5.39}}""",
            limits.ToJson());
    }

    [Theory]
    [InlineData("0", 0d)]
    [InlineData("100", 1d)]
    [InlineData("102", 1.02)] // over all of it stays
    [InlineData("1e1", .1)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("NaN", null)]
    [InlineData("Infinity", null)]
    [InlineData("1e300", null)]
    [InlineData("12%", null)]
    [InlineData("1,5", null)]
    [InlineData("", null)]
    [InlineData("null", null)]
    [InlineData("0x10", null)]
    public void Read_UsedPercent_IsAFractionOrAbsent(string value, double? utilization)
    {
        var limits = Read($"x-codex-primary-used-percent: {value}\nx-codex-primary-reset-at: 1893456000")!;

        Assert.Equal(utilization, limits.Window(PlanWindows.Primary)!.Utilization);
    }

    [Theory]
    [InlineData("reset-at: 1893456000", 0d)]
    [InlineData("reset-after-seconds: 90", 90d)] // what older servers say
    [InlineData("reset-after-seconds: 1.5", 1.5)]
    [InlineData("reset-at: 1893456000\nx-codex-primary-reset-after-seconds: 90", 0d)]
    [InlineData("reset-at: soon\nx-codex-primary-reset-after-seconds: 90", 90d)]
    [InlineData("reset-at: -5", null)]
    [InlineData("reset-at: 99999999999999999999", null)]
    [InlineData("reset-at: 1893456000.5", null)]
    [InlineData("reset-after-seconds: -90", null)]
    [InlineData("reset-after-seconds: 1e12", null)]
    [InlineData("reset-after-seconds: NaN", null)]
    public void Read_Reset_IsATimeOrAbsent(string header, double? secondsFromNow)
    {
        var window = Read($"x-codex-primary-used-percent: 1\nx-codex-primary-{header}")!.Window(PlanWindows.Primary)!;

        Assert.Equal(secondsFromNow is { } seconds ? Reply.Now.AddSeconds(seconds) : null, window.ResetsAt);
    }

    [Theory]
    [InlineData("300", 300)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("2147483648", null)]
    [InlineData("many", null)]
    public void Read_WindowMinutes_IsALengthOrAbsent(string value, int? minutes) =>
        Assert.Equal(minutes, Read($"x-codex-primary-used-percent: 1\nx-codex-primary-window-minutes: {value}")!.Window(PlanWindows.Primary)!.Minutes);

    [Theory]
    [InlineData("has-credits: true\nx-codex-credits-unlimited: false\nx-codex-credits-balance: 0", 0d)] // bought and spent
    [InlineData("has-credits: 1\nx-codex-credits-balance: 7", 7d)]
    [InlineData("has-credits: false\nx-codex-credits-balance: 0", null)] // never bought any
    [InlineData("has-credits: true\nx-codex-credits-unlimited: true\nx-codex-credits-balance: 7", null)]
    [InlineData("has-credits: true", null)]
    [InlineData("has-credits: maybe\nx-codex-credits-balance: 7", null)]
    [InlineData("has-credits: true\nx-codex-credits-balance: -7", null)]
    [InlineData("has-credits: true\nx-codex-credits-balance: $7", null)]
    public void Read_Credits_AreThereWhereTheyMeanSomething(string headers, double? remaining)
    {
        var limits = Read($"x-codex-primary-used-percent: 1\nx-codex-credits-{headers}")!;

        Assert.Equal(remaining is null ? null : new PlanCredit { Unit = PlanCredit.Credits, Remaining = remaining }, limits.Credit);
    }

    [Fact]
    public void Read_SecondWindowAlone_HasNoFirst() => Assert.Equal(PlanWindows.Secondary, Assert.Single(Read("x-codex-secondary-used-percent: 3")!.Windows).Name);

    [Theory]
    [InlineData("")]
    [InlineData("retry-after: 5")]
    [InlineData("x-codex-primary-window-minutes: 300")]
    [InlineData("x-codex-primary-used-percent: x")]
    [InlineData("x-codex-primary-used-percent: 5\nx-codex-primary-used-percent: 6")] // which of them?
    [InlineData("x-codex-primary-used-percent: 5, 6")]
    public void Read_NothingThatCanBeRead_IsNull(string headers) => Assert.Null(Read(headers));

    private static PlanLimits? Read(string headers) => CodexLimits.Read(Reply.With(headers), Reply.Now);
}
