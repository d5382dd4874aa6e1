using System.Diagnostics;
using System.Text.Json;
using Trinity.AgentServer.Redaction;

namespace Trinity.AgentServer.Tests.Redaction;

/// <summary>T-36: the time is linear, whatever a task prints. Measured as a ratio, so a slow machine is slow on both sides.</summary>
public sealed class RedactionCostTests
{
    private const int Line = 64 * 1024;
    private const int Rounds = 7;

    /// <summary>A quadratic step would make sixteen times the text cost 256 times as much.</summary>
    private const int Growth = 16;
    private const int MostTimesAsMuch = Growth * 5;

    private readonly Redactor _redactor = new(["a-known-value", "aaaaaaaaaaaaaaab"]);

    public static TheoryData<string> WorstCases { get; } =
    [
        "sk-", "sk-a ", "a", "token", "token ", "token=", "token=\"", "token\\", "\\", "\"", "bearer ", "basic a ", "bearer a=", "--token ", "xoxb-", "AKIA", "ghp_ghp_", "a=1&token=x&", "{", "[", "\"{", "{\"a\":", "password: bearer ", " ", "token = \\\"",
    ];

    [Theory]
    [MemberData(nameof(WorstCases))]
    public void Redact_SixteenTimesTheText_CostsNoMoreThanLinear(string unit)
    {
        var (small, large) = (Repeat(unit, Line / Growth), Repeat(unit, Line));
        AssertLinear(small, large);
        AssertLinear(JsonSerializer.Serialize(new { a = small }), JsonSerializer.Serialize(new { a = large }));
    }

    private void AssertLinear(string small, string large)
    {
        var ratio = Best(large) / Math.Max(Best(small), 1);
        Assert.True(ratio < MostTimesAsMuch, $"{Growth} times the text costs {ratio:0.0} times as much.");
    }

    private double Best(string text) => Enumerable.Range(0, Rounds).Min(_ =>
    {
        var started = Stopwatch.GetTimestamp();
        _redactor.Redact(text);
        return (double)(Stopwatch.GetTimestamp() - started);
    });

    private static string Repeat(string unit, int length) => string.Concat(Enumerable.Repeat(unit, length / unit.Length));
}
