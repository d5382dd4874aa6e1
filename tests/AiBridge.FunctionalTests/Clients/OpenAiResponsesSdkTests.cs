#pragma warning disable OPENAI001 // The SDK calls its Responses client experimental; agents live on that API.
using OpenAI.Responses;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

public sealed class OpenAiResponsesSdkTests
{
    private static readonly OpenAiResponse Answer = new OpenAiResponse { Usage = new OpenAiUsage(Input: 25, Output: 61, Cached: 7, Reasoning: 5) }
        .Reasoning("I weigh the options.", "Z0FBQUFB")
        .Text("Hello, dear test.")
        .FunctionCall("call_1", "get_weather", """{"city": "Bern"}""");

    [Fact]
    public async Task Responses_Blocking_SdkReadsTheReplyAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(TestBench.KeyOf("openai")).Reply(Answer.For);

        ResponseResult response = await bench.Responses().CreateResponseAsync(Sdk.ResponsesModel, "Hello", cancellationToken: Timeouts.Token);

        Assert.Equal("Hello, dear test.", response.GetOutputText());
        AssertIsRecorded(Assert.Single(await bench.RecordsAsync(1)), streaming: false);
    }

    [Fact]
    public async Task Responses_Streaming_SdkSeesEveryEventAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/responses").Reply(request => Answer.For(request).SplitEvery(17));
        var text = "";
        var numbers = new List<int>();
        ResponseResult? completed = null;

        await foreach (var update in await bench.Responses().CreateResponseStreamingAsync(Sdk.ResponsesModel, "Hello", cancellationToken: Timeouts.Token))
        {
            numbers.Add(update.SequenceNumber);
            text += (update as StreamingResponseOutputTextDeltaUpdate)?.Delta;
            completed = (update as StreamingResponseCompletedUpdate)?.Response ?? completed;
        }

        Assert.Equal("Hello, dear test.", text);
        Assert.Equal(Enumerable.Range(0, Answer.Frames().Count), numbers);
        Assert.Equal("call_1", completed!.OutputItems.OfType<FunctionCallResponseItem>().Single().CallId);
        AssertIsRecorded(Assert.Single(await bench.RecordsAsync(1)), streaming: true);
    }

    [Fact]
    public async Task Responses_LeftHalfWay_UpstreamSeesTheAbort()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        var gate = new FakeGate();
        gate.Release(steps: 6);
        bench.Upstream.Expect("POST", "/v1/responses", OpenAiResponse.Saying("A long answer.").Streaming().GatedBy(gate));

        await foreach (var update in await bench.Responses().CreateResponseStreamingAsync(Sdk.ResponsesModel, "Hello", cancellationToken: Timeouts.Token))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate)
            {
                break;
            }
        }

        await bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
        Assert.Equal("client_abort", Assert.Single(await bench.RecordsAsync(1)).Outcome);
    }

    private static void AssertIsRecorded(RecordedInterception record, bool streaming)
    {
        Assert.Equal(("completed", Sdk.ResponsesModel, streaming), (record.Outcome, record.Model, record.Streaming));
        Assert.Equal((18, 61, 7, 5), (record.Input, record.Output, record.CacheRead, record.Reasoning));
        Assert.Equal(new RecordedTool { ToolCallId = "call_1", Tool = "get_weather", Input = """{"city": "Bern"}""" }, Assert.Single(record.Tools));
    }
}
