using System.Text;
using Trinity.Shared.Limits;

namespace Trinity.Shared.Tests.Limits;

/// <summary>All that a vendor's reply says, whichever headers say it, and whatever stands in them.</summary>
public sealed class VendorLimitsTests
{
    private const string Unified = """
        anthropic-ratelimit-unified-status: allowed
        anthropic-ratelimit-unified-5h-utilization: 0.5
        anthropic-ratelimit-unified-5h-reset: 1893456000
        anthropic-ratelimit-unified-5h-status: allowed
        anthropic-ratelimit-unified-7d-utilization: 1.2
        anthropic-ratelimit-unified-7d-status: rejected

        """;

    private const string Rate = "anthropic-ratelimit-requests-limit: 10\nanthropic-ratelimit-requests-remaining: 5\n";
    private const string Codex = "x-codex-primary-used-percent: 40\nx-codex-plan-type: pro\n";
    private const string OpenAiRate = "x-ratelimit-limit-tokens: 10\nx-ratelimit-remaining-tokens: 9\n";

    private static readonly string[] Names =
    [
        .. new[] { "status", "representative-claim", "reset", "5h-utilization", "5h-reset", "5h-status", "7d-utilization", "7d-reset", "7d-status" }.Select(name => "anthropic-ratelimit-unified-" + name),
        .. new[] { "requests", "tokens", "input-tokens", "output-tokens" }.SelectMany(kind => new[] { "limit", "remaining", "reset" }.Select(name => $"anthropic-ratelimit-{kind}-{name}")),
        .. new[] { "primary", "secondary" }.SelectMany(window => new[] { "used-percent", "window-minutes", "reset-at", "reset-after-seconds" }.Select(name => $"x-codex-{window}-{name}")),
        .. new[] { "plan-type", "credits-has-credits", "credits-unlimited", "credits-balance" }.Select(name => "x-codex-" + name),
        .. new[] { "requests", "tokens" }.SelectMany(kind => new[] { "limit", "remaining", "reset" }.Select(name => $"x-ratelimit-{name}-{kind}")),
    ];

    private static readonly string[] Values =
    [
        "", " ", "0", "-0", "1", "-1", "0.5", "1e9", "1e400", "NaN", "-NaN", "Infinity", "∞", "true", "allowed", "rejected", "<script>", "\"", "\\", "\u0000", "9223372036854775807", "9223372036854775808",
        "253402300799", "253402300800", "1893456000", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1s", "999999999h", "1h1h", "1h2m3s", "ms", "µs", "1µs", "١٢", "0x1F", "1_000", "1,000", new string('9', 5000), new string('a', 33),
    ];

    [Theory]
    [InlineData(Unified, "anthropic-ratelimit-unified", "five_hour,seven_day")]
    [InlineData(Rate, "anthropic-ratelimit", "requests")]
    [InlineData(Unified + Rate, "anthropic-ratelimit-unified", "five_hour,seven_day")] // the plan binds
    [InlineData("anthropic-ratelimit-unified-status: ???\n" + Rate, "anthropic-ratelimit", "requests")]
    [InlineData("anthropic-ratelimit-unified-5h-utilization: 0.1", "anthropic-ratelimit-unified", "five_hour")]
    public void Anthropic_SaysAPlansLimits_OrElseTheKeys(string headers, string detail, string windows)
    {
        var heard = AnthropicLimits.Read(Reply.With(headers))!;

        Assert.Equal((detail, windows), (heard.Detail, string.Join(',', heard.Limits.Windows.Select(window => window.Name))));
    }

    [Theory]
    [InlineData(Codex, "x-codex", "primary")]
    [InlineData(OpenAiRate, "x-ratelimit", "tokens")]
    [InlineData(Codex + OpenAiRate, "x-codex, x-ratelimit", "primary,tokens")]
    public void OpenAi_SaysAPlansLimitsAndTheKeys(string headers, string detail, string windows)
    {
        var heard = OpenAiLimits.Read(Reply.With(headers), Reply.Now)!;

        Assert.Equal((detail, windows), (heard.Detail, string.Join(',', heard.Limits.Windows.Select(window => window.Name))));
        Assert.Equal(headers.StartsWith(Codex, StringComparison.Ordinal) ? "pro" : null, heard.Limits.Plan);
    }

    [Theory]
    [InlineData("")]
    [InlineData("server: x\nretry-after: 5\nrequest-id: req_1")]
    public void ReplyThatSaysNothing_IsNull(string headers) =>
        Assert.Equal((null, null), (AnthropicLimits.Read(Reply.With(headers)), OpenAiLimits.Read(Reply.With(headers), Reply.Now)));

    [Fact]
    public void ReplyThatSaysNothing_CostsNoMemory()
    {
        var headers = Reply.With("date: Tue, 01 Jan 2030 00:00:00 GMT\nrequest-id: req_1\nset-cookie: a=1\nset-cookie: b=2\nx-envoy-upstream-service-time: 5");
        _ = (AnthropicLimits.Read(headers), OpenAiLimits.Read(headers, Reply.Now)); // whatever is made once
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            _ = (AnthropicLimits.Read(headers), OpenAiLimits.Read(headers, Reply.Now));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // Whatever stands in the headers, it is read as something that can be written and read again, or not at all.
    [Fact]
    public void AnyHeaders_AreReadWithoutAnException_AsNumbersAndPlainWords()
    {
        var random = new Random(20_261_121);
        var heard = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var headers = Garbage(random);
            foreach (var limits in new[] { AnthropicLimits.Read(headers)?.Limits, OpenAiLimits.Read(headers, Reply.Now)?.Limits }.OfType<PlanLimits>())
            {
                heard++;
                AssertPlain(limits);
            }
        }

        Assert.InRange(heard, 5_000, 40_000); // else nothing was tried
    }

    private static System.Net.Http.Headers.HttpResponseHeaders Garbage(Random random)
    {
        using var reply = new HttpResponseMessage();
        for (var left = random.Next(60); left > 0; left--)
        {
            var value = random.Next(8) == 0 ? Noise(random) : Values[random.Next(Values.Length)];
            reply.Headers.TryAddWithoutValidation(Names[random.Next(Names.Length)], value);
        }

        return reply.Headers;
    }

    private static string Noise(Random random)
    {
        var text = new StringBuilder();
        for (var left = random.Next(20); left > 0; left--)
        {
            text.Append("0123456789.+-eEhmsdnu T:Z%\\\"'{};"[random.Next(32)]);
        }

        return text.ToString();
    }

    private static void AssertPlain(PlanLimits limits)
    {
        Assert.False(limits.IsEmpty);
        var json = limits.ToJson();
        Assert.Equal(json, PlanLimits.FromJson(json)!.ToJson());
        foreach (var word in new[] { limits.Plan, limits.Status, limits.Claim }.Concat(limits.Windows.Select(window => window.Status)).OfType<string>())
        {
            Assert.Matches("^[a-z0-9_]{1,32}$", word);
        }

        Assert.All(limits.Windows, window =>
        {
            Assert.True(window.Utilization is null or (>= 0 and <= 1000), json);
            Assert.True(window.ResetsAt is null || window.ResetsAt > DateTimeOffset.UnixEpoch, json);
            Assert.True(window.Minutes is null or > 0, json);
        });
        Assert.True(limits.Credit is null or { Remaining: >= 0 and < double.PositiveInfinity }, json);
    }
}
