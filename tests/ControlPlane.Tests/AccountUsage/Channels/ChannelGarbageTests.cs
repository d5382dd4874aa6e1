using System.Text;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>Bodies that are not what they should be, in every way that can be counted out.</summary>
public sealed class ChannelGarbageTests
{
    private static readonly string[] Values =
        ["null", "true", "false", "\"\"", "\"x\"", "\"1e3\"", "-1", "-0.0", "0", "1e-320", "1e308", "-1e308", "1e999", "99999999999999999999999999", "253402300800", "[]", "{}", "[[1]]", "\"9999-12-31T23:59:59-14:00\"", "\"0001-01-01T00:00:00+14:00\"", "\"\\ud800\""];

    public static TheoryData<string> Channels => [UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter];

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_BodyEndsAnywhere_IsUnavailable(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        var good = Encoding.UTF8.GetBytes(ChannelReplies.GoodOf(channel).TrimEnd());
        for (var length = 0; length < good.Length; length++)
        {
            var reply = await AskAsync(bench, channel, good.AsMemory(0, length));

            Assert.Equal((UsageVerdict.Unavailable, "The provider's reply is not the JSON that it should be."), (reply.Verdict, reply.Problem));
        }

        Assert.Equal(UsageVerdict.Known, (await AskAsync(bench, channel, good)).Verdict);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_AnyValueIsAnother_TakesOnlyWhatCanBe(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        foreach (var path in Paths(JsonNode.Parse(ChannelReplies.GoodOf(channel))!, []).ToList())
        {
            foreach (var value in Values)
            {
                var text = Replace(ChannelReplies.GoodOf(channel), path, value);

                AssertSane(await AskAsync(bench, channel, Encoding.UTF8.GetBytes(text)), text);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_BodyIsAnythingElse_IsUnavailable(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        byte[][] bodies =
        [
            .. new[] { "", "null", "1", "\"x\"", "[]", "{}", "<html>", "{\"data\": []}", "{\"rate_limit\": 1}", "{\"\\ud800\": 1}", $"{new string('[', 1000)}{new string(']', 1000)}" }.Select(Encoding.UTF8.GetBytes),
            [0xff, 0xfe, 0x00],
            [.. "{\"five_hour\": {\"resets_at\": \""u8, 0xff, .. "\"}, \"plan_type\": \""u8, 0xff, .. "\"}"u8],
        ];
        foreach (var body in bodies)
        {
            Assert.Equal(UsageVerdict.Unavailable, (await AskAsync(bench, channel, body)).Verdict);
        }
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_BodyIsTooLarge_IsUnavailable(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        var good = ChannelReplies.GoodOf(channel);

        Assert.Equal(UsageVerdict.Known, (await AskAsync(bench, channel, Encoding.UTF8.GetBytes(good.PadRight(ChannelCall.MaxBytes)))).Verdict);
        var tooLarge = FakeReply.Json(200, good.PadRight(ChannelCall.MaxBytes + 1));
        foreach (var reply in new[] { tooLarge, tooLarge.SplitEvery(100_000) })
        {
            bench.Fake.Respond(_ => reply);

            var result = await bench.AskAsync(channel, Token(channel));
            Assert.Equal((UsageVerdict.Unavailable, "The provider's reply is too large."), (result.Verdict, result.Problem));
        }
    }

    private static async Task<UsageReply> AskAsync(ChannelBench bench, string channel, ReadOnlyMemory<byte> body)
    {
        bench.Fake.Respond(_ => FakeReply.Bytes(200, "application/json", body));
        return await bench.Channels.Find(channel)!.AskAsync(ChannelBench.Credential(Token(channel)), Timeouts.Token);
    }

    private static string Token(string channel) => $"{ChannelReplies.TokenKindOf(channel)}-of-nobody";

    private static void AssertSane(UsageReply reply, string text)
    {
        Assert.True(reply.Verdict is UsageVerdict.Known or UsageVerdict.Unavailable, text);
        if (reply.Limits is not { } limits)
        {
            return;
        }

        double?[] numbers = [.. limits.Windows.Select(window => window.Utilization), limits.Credit?.Limit, limits.Credit?.Used, limits.Credit?.Remaining, .. limits.Windows.Select(window => (double?)window.Minutes)];
        Assert.All(numbers, number => Assert.True(number is null or (>= 0 and <= 1e15), text));
        Assert.All(limits.Windows.Select(window => window.ResetsAt).Append(limits.ResetsAt), time => Assert.True(time is null || time > DateTimeOffset.UnixEpoch, text));
        Assert.Equal(limits.ToJson(), PlanLimits.FromJson(limits.ToJson())!.ToJson());
    }

    private static IEnumerable<string[]> Paths(JsonNode node, string[] at) => node is JsonObject members
        ? members.SelectMany(member => (string[][])[[.. at, member.Key], .. member.Value is null ? [] : Paths(member.Value, [.. at, member.Key])])
        : [];

    // A number such as 1e999 must reach the wire as it is, so it is put in as text.
    private static string Replace(string json, string[] path, string value)
    {
        const string mark = "\"here it goes\"";
        var root = JsonNode.Parse(json)!;
        var parent = path[..^1].Aggregate(root, (node, name) => node[name]!);
        parent[path[^1]] = "here it goes";
        return root.ToJsonString().Replace(mark, value, StringComparison.Ordinal);
    }
}
