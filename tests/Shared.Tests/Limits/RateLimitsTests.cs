using Trinity.Shared.Limits;

namespace Trinity.Shared.Tests.Limits;

public sealed class RateLimitsTests
{
    [Fact]
    public void ReadOpenAi_AllHeaders_IsAllThatTheySay() => Assert.Equal(
        """{"windows":[{"name":"requests","utilization":0.25,"resets_at":"2030-01-01T00:00:00.12+00:00"},{"name":"tokens","utilization":1,"resets_at":"2030-01-01T00:06:00+00:00"}]}""",
        OpenAi("""
            x-ratelimit-limit-requests: 400
            x-ratelimit-remaining-requests: 300
            x-ratelimit-reset-requests: 120ms
            x-ratelimit-limit-tokens: 30000
            x-ratelimit-remaining-tokens: 0
            x-ratelimit-reset-tokens: 6m0s
            """)!.ToJson());

    [Fact]
    public void ReadAnthropic_AllHeaders_IsAllThatTheySay() => Assert.Equal(
        """{"windows":[{"name":"requests","utilization":0.5,"resets_at":"2030-01-01T00:00:01+00:00"},{"name":"tokens","utilization":0.75,"resets_at":"2030-01-01T00:00:02+00:00"},"""
        + """{"name":"input_tokens","utilization":0,"resets_at":"2030-01-01T00:00:03+00:00"},{"name":"output_tokens","utilization":0.25,"resets_at":"2030-01-01T00:00:04+00:00"}]}""",
        Anthropic("""
            anthropic-ratelimit-requests-limit: 50
            anthropic-ratelimit-requests-remaining: 25
            anthropic-ratelimit-requests-reset: 2030-01-01T00:00:01Z
            anthropic-ratelimit-tokens-limit: 40000
            anthropic-ratelimit-tokens-remaining: 10000
            anthropic-ratelimit-tokens-reset: 2030-01-01T00:00:02Z
            anthropic-ratelimit-input-tokens-limit: 30000
            anthropic-ratelimit-input-tokens-remaining: 30000
            anthropic-ratelimit-input-tokens-reset: 2030-01-01T01:00:03+01:00
            anthropic-ratelimit-output-tokens-limit: 8000
            anthropic-ratelimit-output-tokens-remaining: 6000
            anthropic-ratelimit-output-tokens-reset: 2030-01-01T00:00:04.000Z
            """)!.ToJson());

    [Theory]
    [InlineData("100", "25", .75)]
    [InlineData("100", "100", 0d)]
    [InlineData("100", "101", 0d)]
    [InlineData("0", "0", null)]
    [InlineData("-1", "0", null)]
    [InlineData("100", "-1", null)]
    [InlineData("100", "", null)]
    [InlineData("100", "NaN", null)]
    [InlineData("100", "1.5", null)]
    [InlineData("99999999999999999999", "1", null)]
    [InlineData("100", "9223372036854775807", null)]
    [InlineData("100, 60;w=1", "1", null)]
    public void Read_LimitAndRemaining_AreAFractionOrAbsent(string limit, string remaining, double? utilization)
    {
        var openAi = OpenAi($"x-ratelimit-limit-tokens: {limit}\nx-ratelimit-remaining-tokens: {remaining}\nx-ratelimit-reset-tokens: 1s")!;
        var anthropic = Anthropic($"anthropic-ratelimit-tokens-limit: {limit}\nanthropic-ratelimit-tokens-remaining: {remaining}\nanthropic-ratelimit-tokens-reset: 2030-01-01T00:00:00Z")!;

        Assert.Equal((utilization, utilization), (Assert.Single(openAi.Windows).Utilization, Assert.Single(anthropic.Windows).Utilization));
    }

    [Theory]
    [InlineData("1s", 1d)]
    [InlineData("6m0s", 360d)]
    [InlineData("1h2m3s", 3723d)]
    [InlineData("120ms", .12)]
    [InlineData("7.66s", 7.66)]
    [InlineData("1d2h", 93600d)]
    [InlineData("0s", 0d)]
    [InlineData("1s500ms", 1.5)]
    [InlineData("", null)]
    [InlineData("1", null)] // of what?
    [InlineData("s", null)]
    [InlineData("1s1s", null)]
    [InlineData("1s1m", null)]
    [InlineData("-1s", null)]
    [InlineData("1 s", null)]
    [InlineData("1.2.3s", null)]
    [InlineData(".s", null)]
    [InlineData("1y", null)]
    [InlineData("1S", null)]
    [InlineData("9999999999999999999999h", null)]
    [InlineData("NaNs", null)]
    [InlineData("2030-01-01T00:00:00Z", null)]
    public void ReadOpenAi_Reset_IsADelayOrAbsent(string value, double? seconds)
    {
        var window = Assert.Single(OpenAi($"x-ratelimit-limit-requests: 10\nx-ratelimit-remaining-requests: 5\nx-ratelimit-reset-requests: {value}")!.Windows);

        Assert.Equal(seconds is { } delay ? Reply.Now.AddSeconds(delay) : null, window.ResetsAt);
    }

    [Theory]
    [InlineData("2030-01-01T00:00:00Z", 0d)]
    [InlineData("2030-01-01T02:00:00.5+02:00", .5)]
    [InlineData("00:00:10", null)] // of today?
    [InlineData("Tue, 01 Jan 2030 00:00:00 GMT", null)]
    [InlineData("1893456000", null)]
    [InlineData("0001-01-01T00:00:00Z", null)]
    [InlineData("9999-12-31T23:59:59-14:00", null)]
    [InlineData("2030-13-01T00:00:00Z", null)]
    [InlineData("", null)]
    public void ReadAnthropic_Reset_IsATimeOrAbsent(string value, double? seconds)
    {
        var window = Assert.Single(Anthropic($"anthropic-ratelimit-requests-limit: 10\nanthropic-ratelimit-requests-remaining: 5\nanthropic-ratelimit-requests-reset: {value}")!.Windows);

        Assert.Equal(seconds is { } delay ? Reply.Now.AddSeconds(delay) : null, window.ResetsAt);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x-ratelimit-limit: 10\nx-ratelimit-remaining: 5")] // somebody else's
    [InlineData("x-ratelimit-limit-requests: 10")]
    [InlineData("x-ratelimit-limit-requests: 10\nx-ratelimit-limit-requests: 10\nx-ratelimit-remaining-requests: 5")]
    [InlineData("anthropic-ratelimit-requests-limit: 10")]
    public void Read_NothingThatCanBeRead_IsNull(string headers) => Assert.Equal((null, null), (OpenAi(headers), Anthropic(headers)));

    private static PlanLimits? OpenAi(string headers) => RateLimits.ReadOpenAi(Reply.With(headers), Reply.Now);

    private static PlanLimits? Anthropic(string headers) => RateLimits.ReadAnthropic(Reply.With(headers));
}
