using Trinity.Contract.Tests.Support;

namespace Trinity.Contract.Tests.Keys;

/// <summary>A key that the provider limits or refuses: the next one is tried, in order and once, as WireMock's scenarios want it.</summary>
public sealed class KeyFailoverTests(ContractFixture fixture) : ContractTest(fixture)
{
    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task FirstKeyLimited_SecondIsTried_AndTheFirstIsSparedFromThen(string name)
    {
        var api = ProviderApi.Find(name);
        var provider = await Bench.AddProviderAsync(api, api.Keys);
        var stub = (await Bench.LoadAsync($"{name}/keys-limited-then-served"))["second key is served"];

        var exchange = await Bench.ExchangeAsync(api, stub, provider);
        var next = await Bench.ExchangeAsync(api, stub, provider);

        exchange.AssertRelayed(stub);
        next.AssertRelayed(stub);
        Assert.Null(exchange.Header("Retry-After"));
        await Bench.AssertCallsAsync("first key is limited", "second key is served", "second key is served");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("completed", 200, 2, 42), (record.Outcome, record.Status, record.Attempts, record.Output));
        Assert.EndsWith("3210", record.KeyHint, StringComparison.Ordinal);
        Assert.Equal(1, (await Bench.RecordedAsync(next)).Attempts);
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task AllKeysLimited_LastReplyIsTheClients_AndNobodyIsAskedAgain(string name)
    {
        var api = ProviderApi.Find(name);
        var provider = await Bench.AddProviderAsync(api, api.Keys);
        var stub = (await Bench.LoadAsync($"{name}/keys-all-limited"))["second key is limited"];

        var exchange = await Bench.ExchangeAsync(api, stub, provider);
        var next = await Bench.ExchangeAsync(api, stub, provider);

        exchange.AssertRelayed(stub);
        Assert.Equal(api.ErrorBody(429, "keys_rate_limited", "All keys of this provider are rate-limited.", next.InterceptionId), next.Text);
        Assert.InRange(int.Parse(next.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 1, 30);
        await Bench.AssertCallsAsync("first key is limited", "second key is limited");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 429, "rate_limit_error", 2), (record.Outcome, record.Status, record.Error, record.Attempts));
        Assert.Equal(("keys_rate_limited", 0), ((await Bench.RecordedAsync(next)).Error, (await Bench.RecordedAsync(next)).Attempts));
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task AllKeysRefused_IsABadGateway(string name)
    {
        var api = ProviderApi.Find(name);
        var provider = await Bench.AddProviderAsync(api, api.Keys);
        var stub = (await Bench.LoadAsync($"{name}/keys-all-refused"))["second key is refused"];

        var exchange = await Bench.ExchangeAsync(api, stub, provider);

        exchange.AssertError(api, 502, "keys_unauthorized", "The provider accepts none of its configured keys.");
        await Bench.AssertCallsAsync("first key is refused", "second key is refused");
        var record = await Bench.RecordedAsync(exchange);
        Assert.Equal(("provider_error", 502, "keys_unauthorized", 2), (record.Outcome, record.Status, record.Error, record.Attempts));
    }
}
