using Anthropic;
using Anthropic.Models.Messages;

namespace Trinity.TestSupport.Tests.Dialects;

/// <summary>The official SDK is the judge of our texts.</summary>
public sealed class AnthropicMessageTests
{
    private static readonly AnthropicMessage Reply = new AnthropicMessage { Usage = new AnthropicUsage(Input: 25, Output: 61, CacheRead: 7, CacheCreation5m: 3) }
        .Thinking("First I think. Then I act.", "c2lnbmF0dXJl")
        .Text("Hello, dear test.")
        .ToolUse("toolu_1", "get_weather", """{"city": "Bern", "days": 2}""");

    [Fact]
    public async Task Blocking_OfficialSdk_ReadsIt()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/messages").WithKey("sk-ant-test").Reply(Reply.For);
        using var client = ClientOf(fake);

        var message = await client.Messages.Create(Parameters, Timeouts.Token);

        message.Validate();
        Assert.True(message.Content[0].TryPickThinking(out var thinking));
        Assert.Equal(("First I think. Then I act.", "c2lnbmF0dXJl"), (thinking!.Thinking, thinking.Signature));
        Assert.True(message.Content[1].TryPickText(out var text));
        Assert.Equal("Hello, dear test.", text!.Text);
        Assert.True(message.Content[2].TryPickToolUse(out var tool));
        Assert.Equal("Bern", tool!.Input["city"].GetString());
        Assert.Equal(StopReason.ToolUse, message.StopReason!.Value());
        Assert.Equal((25L, 61L, 7L, 3L), (message.Usage.InputTokens, message.Usage.OutputTokens, message.Usage.CacheReadInputTokens!.Value, message.Usage.CacheCreationInputTokens!.Value));
    }

    [Fact]
    public async Task Streaming_OfficialSdk_ReadsEveryEvent()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/messages").Reply(Reply.For);
        using var client = ClientOf(fake);
        string text = "", thinking = "", signature = "", input = "";
        var outputTokens = 0L;
        var events = 0;

        await foreach (var streamed in client.Messages.CreateStreaming(Parameters, Timeouts.Token))
        {
            streamed.Validate();
            events++;
            if (streamed.TryPickContentBlockDelta(out var block))
            {
                text += block.Delta.TryPickText(out var textDelta) ? textDelta.Text : "";
                thinking += block.Delta.TryPickThinking(out var thinkingDelta) ? thinkingDelta.Thinking : "";
                signature += block.Delta.TryPickSignature(out var signatureDelta) ? signatureDelta.Signature : "";
                input += block.Delta.TryPickInputJson(out var inputDelta) ? inputDelta.PartialJson : "";
            }
            else if (streamed.TryPickDelta(out var delta))
            {
                outputTokens = delta.Usage.OutputTokens;
            }
        }

        Assert.Equal(("Hello, dear test.", "First I think. Then I act.", "c2lnbmF0dXJl"), (text, thinking, signature));
        Assert.Equal("""{"city": "Bern", "days": 2}""", input);
        Assert.Equal(61, outputTokens);
        Assert.Equal(Reply.Frames().Count - 1, events); // all but the ping
    }

    [Fact]
    public async Task Error_OfficialSdk_ThrowsWithItsStatus()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/messages", AnthropicError.Reply(400, "invalid_request_error", "max_tokens: too many"));
        using var client = ClientOf(fake);

        var exception = await Assert.ThrowsAnyAsync<Anthropic.Exceptions.Anthropic4xxException>(() => client.Messages.Create(Parameters, Timeouts.Token));

        Assert.Contains("max_tokens: too many", exception.Message, StringComparison.Ordinal);
    }

    private static MessageCreateParams Parameters => new()
    {
        MaxTokens = 100,
        Model = "claude-sonnet-4-5",
        Messages = [new UserMessageParam("Hello")],
    };

    private static AnthropicClient ClientOf(FakeProvider fake) => new() { BaseUrl = fake.BaseUrl, ApiKey = "sk-ant-test", MaxRetries = 0 };
}
