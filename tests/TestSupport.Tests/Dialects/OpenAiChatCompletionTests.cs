using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace Trinity.TestSupport.Tests.Dialects;

/// <summary>The official SDK is the judge of our texts.</summary>
public sealed class OpenAiChatCompletionTests
{
    private static readonly ChatMessage[] Messages = [new UserChatMessage("Hello")];

    private static readonly OpenAiChatCompletion Reply =
        new OpenAiChatCompletion { Content = "Hello, dear test.", Usage = new OpenAiUsage(Input: 25, Output: 61, Cached: 7, Reasoning: 5) }
            .ToolCall("call_1", "get_weather", """{"city": "Bern"}""")
            .ToolCall("call_2", "get_time", "{}");

    [Fact]
    public async Task Blocking_OfficialSdk_ReadsIt()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/chat/completions").WithKey("sk-test").Reply(Reply.For);

        ChatCompletion completion = await ClientOf(fake).CompleteChatAsync(Messages, cancellationToken: Timeouts.Token);

        Assert.Equal("Hello, dear test.", completion.Content[0].Text);
        Assert.Equal("get_weather get_time", string.Join(" ", completion.ToolCalls.Select(call => call.FunctionName)));
        Assert.Equal(ChatFinishReason.ToolCalls, completion.FinishReason);
        Assert.Equal((25, 61, 7, 5), Counts(completion.Usage));
    }

    [Fact]
    public async Task Streaming_OfficialSdk_ReadsTextToolCallsAndUsage()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/chat/completions").Reply(Reply.For);
        var text = new StringBuilder();
        var arguments = new SortedDictionary<int, string>();
        ChatTokenUsage? usage = null;

        await foreach (var update in ClientOf(fake).CompleteChatStreamingAsync(Messages, cancellationToken: Timeouts.Token))
        {
            text.AppendJoin("", update.ContentUpdate.Select(part => part.Text));
            foreach (var call in update.ToolCallUpdates)
            {
                arguments[call.Index] = arguments.GetValueOrDefault(call.Index, "") + call.FunctionArgumentsUpdate;
            }

            usage = update.Usage ?? usage;
        }

        Assert.Equal("Hello, dear test.", text.ToString());
        Assert.Equal("""{"city": "Bern"} {}""", string.Join(" ", arguments.Values));
        Assert.Equal((25, 61, 7, 5), Counts(usage!)); // the SDK asks for usage
    }

    [Fact]
    public void Streaming_UsageNotAskedFor_HasNoUsageAtAll() =>
        Assert.DoesNotContain("usage", string.Concat(Reply.Frames(includeUsage: false)), StringComparison.Ordinal);

    [Fact]
    public async Task Error_OfficialSdk_ThrowsWithItsStatus()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/chat/completions", OpenAiError.Reply(400, "invalid_request_error", "bad model", "model_not_found"));

        var exception = await Assert.ThrowsAsync<ClientResultException>(() => ClientOf(fake).CompleteChatAsync(Messages, cancellationToken: Timeouts.Token));

        Assert.Equal(400, exception.Status);
        Assert.Contains("bad model", exception.Message, StringComparison.Ordinal);
    }

    private static (int, int, int, int) Counts(ChatTokenUsage usage) =>
        (usage.InputTokenCount, usage.OutputTokenCount, usage.InputTokenDetails.CachedTokenCount, usage.OutputTokenDetails.ReasoningTokenCount);

    private static ChatClient ClientOf(FakeProvider fake) => new("gpt-5-mini", new ApiKeyCredential("sk-test"), new OpenAIClientOptions
    {
        Endpoint = new Uri(fake.BaseUrl + "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });
}
