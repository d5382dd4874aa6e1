using Trinity.Contract.Tests.Support;

namespace Trinity.Contract.Tests.Replies;

/// <summary>What every API's provider gets and says: the request arrives to the byte, and so does the reply.</summary>
public sealed class ReplyTests(ContractFixture fixture) : ContractTest(fixture)
{
    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task Json_IsRelayedAndRecorded(string name)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/{api.Reply}"))[api.Reply];

        var exchange = await Bench.ExchangeAsync(api, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync(api.Reply);
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", 200, false, 1, null), (record.Outcome, record.Status, record.Streaming, record.Attempts, record.Error));
        Assert.Equal(api.Usage, (record.Input, record.Output, record.CacheRead, record.CacheWrite, record.Reasoning));
        Assert.Equal("wave", record.Tools.Single().Tool);
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task Stream_Dribbled_IsRelayedAsItComesAndRecorded(string name)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/{api.Reply}-stream"))[$"{api.Reply} stream"];

        var exchange = await Bench.ExchangeAsync(api, stub);

        exchange.AssertRelayed(stub);
        Assert.True(exchange.Parts > 1, "The stream came in one piece.");
        await Bench.AssertCallsAsync($"{api.Reply} stream");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", 200, true, 1, null), (record.Outcome, record.Status, record.Streaming, record.Attempts, record.Error));
        Assert.Equal(api.Usage, (record.Input, record.Output, record.CacheRead, record.CacheWrite, record.Reasoning));
        Assert.Equal(("wave", """{"hands": 2}"""), (record.Tools.Single().Tool, record.Tools.Single().Input!.Replace(":2", ": 2", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task BadRequest_IsTheClients(string name)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/error-400"))["invalid"];

        var exchange = await Bench.ExchangeAsync(api, stub);

        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("invalid");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 400, "invalid_request_error", null), (record.Outcome, record.Status, record.Error, record.Input));
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task Overload_IsRelayedWithItsRetryAfter_AndNotTriedAgain(string name)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/error-529"))["overloaded"];

        var exchange = await Bench.ExchangeAsync(api, stub);

        exchange.AssertRelayed(stub);
        Assert.Equal("7", exchange.Header("Retry-After"));
        await Bench.AssertCallsAsync("overloaded");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 529, "overloaded_error", 1), (record.Outcome, record.Status, record.Error, record.Attempts));
    }
}
