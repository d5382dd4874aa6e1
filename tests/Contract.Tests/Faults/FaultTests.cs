using Trinity.Contract.Tests.Support;

namespace Trinity.Contract.Tests.Faults;

/// <summary>Connections that break: the client gets an error in its API's shape, the provider is asked once, and the next request is served.</summary>
public sealed class FaultTests(ContractFixture fixture) : ContractTest(fixture)
{
    private static readonly (string Stub, string Code, string Message)[] Kinds =
    [
        ("reset", "upstream_failed", "The connection to the provider failed before it answered."),
        ("reset", "upstream_reset", "The provider closed the connection without an answer."), // WireMock's server may close before it resets
        ("empty", "upstream_reset", "The provider closed the connection without an answer."),
        ("malformed-chunk", "upstream_truncated", "The provider's connection broke in the middle of the reply."),
        ("random-data", "upstream_reset", "The provider closed the connection without an answer."), // the garbage is not even one line
    ];

    public static TheoryData<string, string, string> Faults { get; } =
    [
        .. from api in ProviderApi.All
           from stub in Kinds.Select(kind => kind.Stub).Distinct()
           from mode in new[] { "blocking", "streaming" }
           select new TheoryDataRow<string, string, string>(api.Name, stub, mode),
    ];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Fault_IsABadGatewayInTheVendorsShape(string name, string fault, string mode)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/fault-{fault}"))[mode];

        var exchange = await Bench.ExchangeAsync(api, stub);

        var record = await Bench.RecordedAsync(exchange);
        Assert.Contains((fault, record.Error), Kinds.Select(kind => (kind.Stub, (string?)kind.Code)));
        var (_, code, message) = Kinds.Single(kind => kind.Stub == fault && kind.Code == record.Error);
        exchange.AssertError(api, 502, code, message);
        await Bench.AssertCallsAsync(mode); // once: what may have been charged for is not asked again
        Assert.Equal(("provider_error", 502, code, 1, null), (record.Outcome, record.Status, record.Error, record.Attempts, record.Input));
    }

    [Theory]
    [MemberData(nameof(ProviderApi.Names), MemberType = typeof(ProviderApi))]
    public async Task AfterAFault_TheNextRequestIsServedWithTheSameKey(string name)
    {
        var api = ProviderApi.Find(name);
        var fault = (await Bench.LoadAsync($"{name}/fault-reset"))["streaming"];
        var stub = (await Bench.LoadAsync($"{name}/{api.Reply}"))[api.Reply]; // whose request does not stream

        var broken = await Bench.ExchangeAsync(api, fault);
        var exchange = await Bench.ExchangeAsync(api, stub);

        Assert.Equal(502, broken.Status);
        exchange.AssertRelayed(stub);
        await Bench.AssertCallsAsync("streaming", api.Reply);
        Assert.Equal("completed", (await Bench.RecordedAsync(exchange)).Outcome);
    }

    // The HTTP client's own doing, three times at most: nothing was sent that could be charged for. What has a body is not asked again, as the tests above say.
    [Fact]
    public async Task PassThroughWithoutABody_ClosedWithoutAnAnswer_IsAskedAgain()
    {
        var api = ProviderApi.Find("anthropic");
        var stub = (await Bench.LoadAsync("anthropic/models-fault"))["models"];

        var exchange = await Bench.ExchangeAsync(api, stub, provider: "fresh", path: "/v1/models?limit=1000");

        exchange.AssertError(api, 502, "upstream_reset", "The provider closed the connection without an answer.");
        await Bench.AssertCallsAsync("models", "models", "models", "models");
    }
}
