using System.Text;
using Trinity.Contract.Tests.Support;

namespace Trinity.Contract.Tests.Replies;

/// <summary>What only the OpenAI APIs and their relatives have.</summary>
public sealed class OpenAiTests(ContractFixture fixture) : ContractTest(fixture)
{
    private static readonly ProviderApi Chat = ProviderApi.Find("openai-chat");
    private static readonly ProviderApi Responses = ProviderApi.Find("openai-responses");
    private static readonly ProviderApi Compatible = ProviderApi.Find("openai-compatible");

    [Fact]
    public async Task ChatStreamWithoutUsage_IsAskedForIt_AndTheClientDoesNotSeeTheChunk()
    {
        var stub = (await Bench.LoadAsync("openai-chat/usage-asked-for"))["usage is asked for"];
        var sent = Encoding.UTF8.GetString(stub.RequestBody).Replace("""
            "stream_options":{"include_usage":true},
            """, "", StringComparison.Ordinal);

        var exchange = await Bench.ExchangeAsync(Chat, stub, body: Encoding.UTF8.GetBytes(sent));

        var events = stub.BodyText.Split("\n\n");
        Assert.Equal(string.Join("\n\n", events.Where(text => !text.Contains("\"choices\":[]", StringComparison.Ordinal))), exchange.Text);
        Assert.Equal(events.Length - 1, exchange.Text.Split("\n\n").Length);
        exchange.AssertHeadRelayed(stub);
        await Bench.AssertCallsAsync("usage is asked for");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", 20, 42, 100, 30), (record.Outcome, record.Input, record.Output, record.CacheRead, record.Reasoning));
    }

    [Fact]
    public async Task ChatStreamThatWantsNoUsage_IsLeftAlone_AndItsUsageIsUnknown()
    {
        var stub = (await Bench.LoadAsync("openai-chat/usage-not-wanted"))["usage is not asked for"];

        var exchange = await Bench.ExchangeAsync(Chat, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("usage is not asked for");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", null, null), (record.Outcome, record.Input, record.Output));
    }

    [Fact]
    public async Task FailedResponse_IsRelayed_AndTheProvidersFault()
    {
        var stub = (await Bench.LoadAsync("openai-responses/failed-stream"))["failed stream"];

        var exchange = await Bench.ExchangeAsync(Responses, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("failed stream");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 200, "server_error"), (record.Outcome, record.Status, record.Error));
    }

    [Fact]
    public async Task Models_PassThrough()
    {
        var stub = (await Bench.LoadAsync("openai-responses/models"))["models"];

        var exchange = await Bench.ExchangeAsync(Responses, stub, path: "/v1/models");

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("models");
    }

    [Fact]
    public async Task Cancellation_PassesThroughWithoutABody()
    {
        var stub = (await Bench.LoadAsync("openai-responses/cancel"))["cancel"];

        var exchange = await Bench.ExchangeAsync(Responses, stub, path: "/v1/responses/resp_contract01/cancel");

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("cancel");
    }

    [Fact]
    public async Task LocalModel_IsAskedWithoutACredential()
    {
        var stub = (await Bench.LoadAsync("openai-compatible/without-key"))["without a key"];

        var exchange = await Bench.ExchangeAsync(Compatible, stub, provider: "local");

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("without a key");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", null, 42), (record.Outcome, record.KeyHint, record.Output));
    }
}
