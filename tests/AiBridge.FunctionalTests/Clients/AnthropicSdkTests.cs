using System.Text.Json;
using Anthropic.Models.Messages;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

public sealed class AnthropicSdkTests
{
    private static readonly AnthropicMessage Answer = new AnthropicMessage { Usage = new AnthropicUsage(Input: 25, Output: 61, CacheRead: 7, CacheCreation5m: 3) }
        .Thinking("First I think.", "c2lnbmF0dXJl")
        .Text("Hello, dear test.");

    [Fact]
    public async Task Messages_Blocking_SdkReadsTheReplyAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).WithoutHeader("Authorization")
            .Where("the SDK's own version of the API is named", request => request.Header("anthropic-version") is { Length: 10 }).Reply(Answer.For);
        using var client = bench.Anthropic();

        var message = await client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token);

        message.Validate();
        Assert.True(message.Content[1].TryPickText(out var text));
        Assert.Equal("Hello, dear test.", text!.Text);
        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("completed", Sdk.ClaudeModel, false), (record.Outcome, record.Model, record.Streaming));
        Assert.Equal((25, 61, 7, 3), (record.Input, record.Output, record.CacheRead, record.CacheWrite));
    }

    [Fact]
    public async Task Messages_Streaming_SdkSeesEveryEventAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages").Reply(request => Answer.For(request).SplitEvery(11));
        using var client = bench.Anthropic();
        string text = "", thinking = "", signature = "";
        var events = 0;

        await foreach (var streamed in client.Messages.CreateStreaming(Sdk.Ask("Hello"), Timeouts.Token))
        {
            streamed.Validate();
            events++;
            if (streamed.TryPickContentBlockDelta(out var block))
            {
                text += block.Delta.TryPickText(out var textDelta) ? textDelta.Text : "";
                thinking += block.Delta.TryPickThinking(out var thinkingDelta) ? thinkingDelta.Thinking : "";
                signature += block.Delta.TryPickSignature(out var signatureDelta) ? signatureDelta.Signature : "";
            }
        }

        Assert.Equal(("Hello, dear test.", "First I think.", "c2lnbmF0dXJl"), (text, thinking, signature));
        Assert.Equal(Answer.Frames().Count - 1, events); // all but the ping
        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("completed", true, "61"), (record.Outcome, record.Streaming, $"{record.Output}"));
    }

    [Fact]
    public async Task Messages_ToolRoundTrip_CallsAndResultsPassAndTheCallIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages")
            .WithBody("the tool is offered", body => body.GetProperty("tools")[0].GetProperty("name").GetString() == "get_weather")
            .Reply(new AnthropicMessage().ToolUse("toolu_1", "get_weather", """{"city": "Bern"}""").For);
        bench.Upstream.Expect("POST", "/v1/messages")
            .WithBody("the result is given", body => body.GetProperty("messages")[2].GetProperty("content")[0].GetProperty("tool_use_id").GetString() == "toolu_1")
            .Reply(AnthropicMessage.Saying("It is sunny.").For);
        using var client = bench.Anthropic();

        var call = await client.Messages.Create(Sdk.Ask("Weather?") with { Tools = [Weather] }, Timeouts.Token);
        Assert.True(call.Content[0].TryPickToolUse(out var use));
        var answer = await client.Messages.Create(Sdk.Ask("Weather?") with { Tools = [Weather], Messages = WithResult(use!) }, Timeouts.Token);

        Assert.Equal(("get_weather", "Bern"), (use!.Name, use.Input["city"].GetString()));
        Assert.True(answer.Content[0].TryPickText(out var text));
        Assert.Equal("It is sunny.", text!.Text);
        var records = await bench.RecordsAsync(2);
        Assert.Equal(new RecordedTool { ToolCallId = "toolu_1", Tool = "get_weather", Input = """{"city":"Bern"}""" }, Assert.Single(records[0].Tools));
        Assert.Empty(records[1].Tools);
    }

    [Fact]
    public async Task CountTokens_PassesThroughUnrecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages/count_tokens").WithKey(TestBench.KeyOf("anthropic")).Reply(FakeReply.Json(200, """{"input_tokens":2095}"""));
        using var client = bench.Anthropic();

        var count = await client.Messages.CountTokens(new MessageCountTokensParams { Model = Sdk.ClaudeModel, Messages = [new UserMessageParam("Hello")] }, Timeouts.Token);

        Assert.Equal(2095, count.InputTokens);
        Assert.Empty(await bench.RecordsAsync(0));
    }

    [Fact]
    public async Task Models_List_PassesThrough()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("GET", "/v1/models").WithKey(TestBench.KeyOf("anthropic")).Reply(FakeReply.Json(200, """
            {"data":[{"type":"model","id":"claude-sonnet-4-5","display_name":"Claude Sonnet 4.5","created_at":"2025-09-29T00:00:00Z"}],"has_more":false,"first_id":"claude-sonnet-4-5","last_id":"claude-sonnet-4-5"}
            """));
        using var client = bench.Anthropic();

        var models = await client.Models.List(cancellationToken: Timeouts.Token);

        Assert.Equal("claude-sonnet-4-5", Assert.Single(models.Items).ID);
    }

    private static Tool Weather => new()
    {
        Name = "get_weather",
        Description = "The weather in a city.",
        InputSchema = new InputSchema { Properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["city"] = JsonElement.Parse("""{"type":"string"}""") } },
    };

    private static List<MessageParam> WithResult(ToolUseBlock use) =>
    [
        new UserMessageParam("Weather?"),
        new AssistantMessageParam(new List<ContentBlockParam> { new ToolUseBlockParam { ID = use.ID, Name = use.Name, Input = use.Input } }),
        new UserMessageParam(new List<ContentBlockParam> { new ToolResultBlockParam(use.ID) { Content = "sunny" } }),
    ];
}
