using Trinity.Contract.Tests.Support;
using Trinity.Contract.Tests.WireMock;

namespace Trinity.Contract.Tests.Faults;

/// <summary>Providers that take their time: what stays within the limits arrives whole, what does not ends in an error of the API's shape.</summary>
public sealed class DelayTests(ContractFixture fixture) : ContractTest(fixture)
{
    private const int Repetitions = 3;

    public static TheoryData<string, string, int, int> Delays { get; } =
    [
        .. from api in ProviderApi.All
           from delay in new[] { ("fixed", 250, 250), ("uniform", 20, 90), ("lognormal", 1, 150) }
           select new TheoryDataRow<string, string, int, int>(api.Name, delay.Item1, delay.Item2, delay.Item3),
    ];

    [Theory]
    [MemberData(nameof(Delays))]
    public async Task Delay_WithinTheLimits_ChangesNothing(string name, string kind, int leastMs, int mostMs)
    {
        var api = ProviderApi.Find(name);
        var stub = (await Bench.LoadAsync($"{name}/delay-{kind}"))["delayed"];

        for (var i = 0; i < Repetitions; i++)
        {
            var exchange = await Bench.ExchangeAsync(api, stub);

            exchange.AssertRelayed(stub);
            var record = await Bench.RecordedAsync(exchange);
            Assert.Equal(("completed", 42, 1), (record.Outcome, record.Output, record.Attempts));
        }

        var calls = await Bench.AssertCallsAsync([.. Enumerable.Repeat("delayed", Repetitions)]);
        Assert.All(calls, call => Assert.InRange(call.AddedDelay.TotalMilliseconds, leastMs, mostMs));
    }

    [Fact]
    public async Task Delay_BeyondTheLimit_IsAGatewayTimeout()
    {
        foreach (var (api, _, exchange) in await ExchangeAllAsync("delay-too-long", "too late for {0}", ContractBench.Impatient))
        {
            exchange.AssertError(api, 504, "upstream_timeout", "The provider did not answer in time.");
            var record = await Bench.RecordedAsync(exchange);
            Assert.Equal(("provider_error", 504, "upstream_timeout", 1), (record.Outcome, record.Status, record.Error, record.Attempts));
        }
    }

    [Fact]
    public async Task Stream_ThatStalls_EndsInTheVendorsErrorEvent()
    {
        foreach (var (api, stub, exchange) in await ExchangeAllAsync("stall", "{0} stalls", ContractBench.Restless))
        {
            AssertStalled(api, stub, exchange);
            exchange.AssertHeadRelayed(stub);
            var record = await Bench.RecordedAsync(exchange);
            Assert.Equal(("provider_error", 200, "upstream_idle", true), (record.Outcome, record.Status, record.Error, record.Streaming));
        }
    }

    /// <summary>One exchange with every API, all at once, because each takes as long as the limit is.</summary>
    private async Task<IReadOnlyList<(ProviderApi Api, Stub Stub, Exchange Exchange)>> ExchangeAllAsync(string file, string name, Func<ProviderApi, string> provider)
    {
        var exchanges = new List<Task<(ProviderApi, Stub, Exchange)>>();
        foreach (var api in ProviderApi.All)
        {
            var stub = (await Bench.LoadAsync($"{api.Name}/{file}"))[name.Replace("{0}", api.Name, StringComparison.Ordinal)];
            exchanges.Add(ExchangeAsync(api, stub, provider(api)));
        }

        var all = await Task.WhenAll(exchanges);
        await Bench.AssertCallsInAnyOrderAsync([.. all.Select(each => each.Item2.Name)]);
        return all;
    }

    private async Task<(ProviderApi, Stub, Exchange)> ExchangeAsync(ProviderApi api, Stub stub, string provider) => (api, stub, await Bench.ExchangeAsync(api, stub, provider));

    // The first half of the bytes; whatever event that cuts is closed; the error.
    private static void AssertStalled(ProviderApi api, Stub stub, Exchange exchange)
    {
        var end = api.ErrorEvents(504, "upstream_idle", "The provider was silent for too long in the middle of the reply.", exchange.InterceptionId);
        Assert.EndsWith("\n\n" + end, exchange.Text, StringComparison.Ordinal);
        var before = exchange.Body.AsSpan()[..^end.Length];
        var common = before.CommonPrefixLength(stub.Body);
        Assert.InRange(common, stub.Body.Length / 3, stub.Body.Length * 2 / 3);
        Assert.True(before[common..] is [] or [(byte)'\n', (byte)'\n'], "The cut event is closed with an empty line, and nothing else is between.");
    }
}
