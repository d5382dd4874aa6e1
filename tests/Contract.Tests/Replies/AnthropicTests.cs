using Trinity.Contract.Tests.Support;

namespace Trinity.Contract.Tests.Replies;

/// <summary>What only the Messages API has.</summary>
public sealed class AnthropicTests(ContractFixture fixture) : ContractTest(fixture)
{
    private static readonly ProviderApi Api = ProviderApi.Find("anthropic");

    [Fact]
    public async Task RequestWrittenOddly_ArrivesToTheByte_QueryIncluded()
    {
        var stub = (await Bench.LoadAsync("anthropic/odd-body"))["odd body"];

        var exchange = await Bench.ExchangeAsync(Api, stub, path: "/v1/messages?beta=true&x=%C3%AB%20%2F&x=");

        exchange.AssertRelayed(stub);
        var call = Assert.Single(await Bench.AssertCallsAsync("odd body"));
        Assert.Equal(("POST", "/v1/messages?beta=true&x=%C3%AB%20%2F&x="), (call.Method, call.Url));
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", "claude-sonnet-4-5"), (record.Outcome, record.Model));
    }

    [Fact]
    public async Task StreamWithOtherLineEnds_DribbledByFewBytes_IsRelayedToTheByte()
    {
        var stub = (await Bench.LoadAsync("anthropic/crlf-stream"))["CRLF stream"];

        var exchange = await Bench.ExchangeAsync(Api, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("CRLF stream");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", 11, 42), (record.Outcome, record.Input, record.Output));
    }

    [Fact]
    public async Task ErrorInTheStream_IsTheLastEvent_AndTheProvidersFault()
    {
        var stub = (await Bench.LoadAsync("anthropic/error-in-stream"))["error in the stream"];

        var exchange = await Bench.ExchangeAsync(Api, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("error in the stream");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 200, "overloaded_error", 11, 3), (record.Outcome, record.Status, record.Error, record.Input, record.Output));
    }

    [Fact]
    public async Task OwnCredential_GoesUpstreamAlone()
    {
        var stub = (await Bench.LoadAsync("anthropic/own-credential"))["own credential"];

        var exchange = await Bench.ExchangeAsync(Api, stub, ownCredential: true);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("own credential");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", "byok", "sk-a...ient"), (record.Outcome, record.CredentialKind, record.KeyHint));
    }

    [Fact]
    public async Task CountTokens_PassesThroughUnrecorded()
    {
        var stub = (await Bench.LoadAsync("anthropic/count-tokens"))["count tokens"];
        var recorded = (await Bench.LoadAsync("anthropic/message"))["message"];

        var exchange = await Bench.ExchangeAsync(Api, stub, path: "/v1/messages/count_tokens?beta=true");
        var next = await Bench.ExchangeAsync(Api, recorded);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("count tokens", "message");
        await Bench.RecordedAsync(next); // records are kept in order, so an earlier one would be there by now
        Assert.Null(await Bench.FindRecordAsync(exchange));
    }

    [Fact]
    public async Task Models_PassThroughWithTheirQuery()
    {
        var stub = (await Bench.LoadAsync("anthropic/models"))["models"];

        var exchange = await Bench.ExchangeAsync(Api, stub, path: "/v1/models?limit=1000");

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("models");
    }
}
