#pragma warning disable OPENAI001 // The SDK calls its Responses client experimental; it is what we want to try.
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI.Responses;

namespace Trinity.TestSupport.Tests.Dialects;

/// <summary>The official SDK is the judge of our texts.</summary>
public sealed class OpenAiResponseTests
{
    private static readonly OpenAiResponse Reply = new OpenAiResponse { Usage = new OpenAiUsage(Input: 25, Output: 61, Cached: 7, Reasoning: 5) }
        .Reasoning("I weigh the options.", "Z0FBQUFB")
        .Text("Hello, dear test.")
        .FunctionCall("call_1", "get_weather", """{"city": "Bern"}""");

    [Fact]
    public async Task Blocking_OfficialSdk_ReadsIt()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/responses").WithKey("sk-test").Reply(Reply.For);

        ResponseResult response = await ClientOf(fake).CreateResponseAsync("gpt-5-codex", "Hello", cancellationToken: Timeouts.Token);

        AssertIsReply(response);
    }

    [Fact]
    public async Task Streaming_OfficialSdk_ReadsEveryEvent()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/responses").Reply(Reply.For);
        var text = "";
        var arguments = "";
        var numbers = new List<int>();
        ResponseResult? completed = null;

        await foreach (var update in await ClientOf(fake).CreateResponseStreamingAsync("gpt-5-codex", "Hello", cancellationToken: Timeouts.Token))
        {
            numbers.Add(update.SequenceNumber);
            text += (update as StreamingResponseOutputTextDeltaUpdate)?.Delta;
            arguments += (update as StreamingResponseFunctionCallArgumentsDeltaUpdate)?.Delta;
            completed = (update as StreamingResponseCompletedUpdate)?.Response ?? completed;
        }

        Assert.Equal("Hello, dear test.", text);
        Assert.Equal("""{"city": "Bern"}""", arguments);
        Assert.Equal(Enumerable.Range(0, Reply.Frames().Count), numbers);
        AssertIsReply(completed!);
    }

    [Theory]
    [InlineData("incomplete")]
    [InlineData("failed")]
    public void OtherEndings_NameTheLastEventAndTheStatus(string status)
    {
        var last = (Reply with { Status = status }).Frames()[^1];

        Assert.StartsWith($"event: response.{status}\n", last, StringComparison.Ordinal);
        var data = JsonElement.Parse(last[last.IndexOf('{', StringComparison.Ordinal)..]);
        Assert.Equal(status, data.GetProperty("response").GetProperty("status").GetString());
    }

    private static void AssertIsReply(ResponseResult response)
    {
        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.Equal("Hello, dear test.", response.GetOutputText());
        Assert.Equal("I weigh the options.", response.OutputItems.OfType<ReasoningResponseItem>().Single().GetSummaryText());
        var call = response.OutputItems.OfType<FunctionCallResponseItem>().Single();
        Assert.Equal(("call_1", "get_weather", """{"city": "Bern"}"""), (call.CallId, call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal(
            (25, 61, 7, 5),
            (response.Usage.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.InputTokenDetails.CachedTokenCount, response.Usage.OutputTokenDetails.ReasoningTokenCount));
    }

    private static ResponsesClient ClientOf(FakeProvider fake) => new(new ApiKeyCredential("sk-test"), new ResponsesClientOptions
    {
        Endpoint = new Uri(fake.BaseUrl + "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });
}
