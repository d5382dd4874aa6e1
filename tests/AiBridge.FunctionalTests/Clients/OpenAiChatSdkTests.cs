using System.ClientModel;
using System.Text;
using OpenAI.Chat;
using OpenAI.Models;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

public sealed class OpenAiChatSdkTests
{
    private static readonly ChatMessage[] Question = [new UserChatMessage("Hello")];

    private static readonly OpenAiChatCompletion Answer = new() { Content = "Hello, dear test.", Usage = new OpenAiUsage(Input: 25, Output: 61, Cached: 7, Reasoning: 5) };

    [Fact]
    public async Task Chat_Blocking_SdkReadsTheReplyAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions").WithKey(TestBench.KeyOf("openai")).Reply(Answer.For);

        ChatCompletion completion = await bench.Chat().CompleteChatAsync(Question, cancellationToken: Timeouts.Token);

        Assert.Equal("Hello, dear test.", completion.Content[0].Text);
        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("completed", Sdk.ChatModel, false), (record.Outcome, record.Model, record.Streaming));
        Assert.Equal((18, 61, 7, 5), (record.Input, record.Output, record.CacheRead, record.Reasoning));
    }

    [Fact]
    public async Task Chat_Streaming_SdkReadsTextAndUsageAndItIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions").Reply(request => Answer.For(request).SplitEvery(13));
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;

        await foreach (var update in bench.Chat().CompleteChatStreamingAsync(Question, cancellationToken: Timeouts.Token))
        {
            text.AppendJoin("", update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        Assert.Equal("Hello, dear test.", text.ToString());
        Assert.Equal((25, 61), (usage!.InputTokenCount, usage.OutputTokenCount)); // the SDK asks for it
        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("completed", true, "61"), (record.Outcome, record.Streaming, $"{record.Output}"));
    }

    [Fact]
    public async Task Chat_ToolRoundTrip_CallsAndResultsPassAndTheCallIsRecorded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions").WithBody("the tool is offered", body => body.GetProperty("tools").GetArrayLength() == 1)
            .Reply(new OpenAiChatCompletion().ToolCall("call_1", "get_weather", """{"city": "Bern"}""").For);
        bench.Upstream.Expect("POST", "/v1/chat/completions").WithBody("the result is given", body => body.GetProperty("messages")[2].GetProperty("tool_call_id").GetString() == "call_1")
            .Reply(OpenAiChatCompletion.Saying("It is sunny.").For);
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("get_weather", "The weather in a city.") } };

        ChatCompletion call = await bench.Chat().CompleteChatAsync(Question, options, Timeouts.Token);
        ChatCompletion answer = await bench.Chat().CompleteChatAsync([.. Question, new AssistantChatMessage(call), new ToolChatMessage("call_1", "sunny")], options, Timeouts.Token);

        Assert.Equal(("get_weather", """{"city": "Bern"}"""), (call.ToolCalls[0].FunctionName, call.ToolCalls[0].FunctionArguments.ToString()));
        Assert.Equal("It is sunny.", answer.Content[0].Text);
        var tool = Assert.Single((await bench.RecordsAsync(2))[0].Tools);
        Assert.Equal(new RecordedTool { ToolCallId = "call_1", Tool = "get_weather", Input = """{"city": "Bern"}""" }, tool);
    }

    [Fact]
    public async Task Chat_LeftHalfWay_UpstreamSeesTheAbort()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        var gate = new FakeGate();
        gate.Release(steps: 3);
        bench.Upstream.Expect("POST", "/v1/chat/completions", OpenAiChatCompletion.Saying("A long answer.").Streaming(includeUsage: true).GatedBy(gate));

        await foreach (var update in bench.Chat().CompleteChatStreamingAsync(Question, cancellationToken: Timeouts.Token))
        {
            if (update.ContentUpdate.Count > 0)
            {
                break;
            }
        }

        await bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
        Assert.Equal("client_abort", Assert.Single(await bench.RecordsAsync(1)).Outcome);
    }

    [Fact]
    public async Task Chat_CancelledBeforeTheReply_UpstreamSeesTheAbort()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions", FakeReply.Never());
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Timeouts.Token);

        var running = bench.Chat().CompleteChatAsync(Question, cancellationToken: leaving.Token);
        var request = await bench.Upstream.WhenReceivedAsync();
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await request.Aborted.WaitAsync(Timeouts.Token);
    }

    [Fact]
    public async Task Models_List_PassesThrough()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("GET", "/v1/models").WithKey(TestBench.KeyOf("openai"))
            .Reply(FakeReply.Json(200, """{"object":"list","data":[{"id":"gpt-5-mini","object":"model","created":1760000000,"owned_by":"openai"}]}"""));

        ClientResult<OpenAIModelCollection> models = await bench.Models().GetModelsAsync(Timeouts.Token);

        Assert.Equal("gpt-5-mini", Assert.Single(models.Value).Id);
    }
}
