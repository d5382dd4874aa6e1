using System.Text;
using Trinity.Contract.Tests.Support;
using Xunit.Sdk;

namespace Trinity.Contract.Tests.WireMock;

/// <summary>That a contract can be broken: each of these calls differs from its stub in one thing.</summary>
public sealed class WireMockServerTests(ContractFixture fixture) : ContractTest(fixture)
{
    private static readonly ProviderApi Api = ProviderApi.Find("anthropic");

    [Theory]
    [InlineData("/v1/messages?beta=true", "\"Say hello", "\"say hello")]    // the body
    [InlineData("/v1/messages?beta=true", "\"max_tokens\":", "\"x\": 1, \"max_tokens\":")] // one more member
    [InlineData("/v1/messages?beta=true&x=1", "", "")]                      // the query
    [InlineData("/v1/messages", "", "")]                                    // none
    [InlineData("/v1/messages/count_tokens?beta=true", "", "")]             // the path, and what is not asked for there
    public async Task CallThatDiffersFromItsStub_MatchesNone(string path, string old, string changed)
    {
        var stub = (await Bench.LoadAsync("anthropic/message"))["message"];
        var body = Encoding.UTF8.GetString(stub.RequestBody);

        var exchange = await Bench.ExchangeAsync(Api, stub, path: path, body: Encoding.UTF8.GetBytes(old.Length == 0 ? body : body.Replace(old, changed, StringComparison.Ordinal)));

        Assert.Equal(404, exchange.Status);
        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync("message"));
    }

    [Fact]
    public async Task CallWithOtherBlanks_MatchesButIsNotTheSame()
    {
        var stub = (await Bench.LoadAsync("anthropic/message"))["message"];

        var exchange = await Bench.ExchangeAsync(Api, stub, body: [.. stub.RequestBody, (byte)' ']);

        Assert.Equal(200, exchange.Status);
        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync("message"));
    }

    [Fact]
    public async Task CallWithAnotherCredential_MatchesNone()
    {
        var stub = (await Bench.LoadAsync("anthropic/message"))["message"];

        var exchange = await Bench.ExchangeAsync(Api, stub, ownCredential: true);

        Assert.Equal(404, exchange.Status);
        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync("message"));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("POST")]
    public async Task CallWithAnotherMethod_MatchesNone(string method)
    {
        var stub = (await Bench.LoadAsync("anthropic/models"))["models"];

        var exchange = await Bench.ExchangeAsync(Api, stub with { Method = new HttpMethod(method) }, path: "/v1/models?limit=1000");

        Assert.Equal(404, exchange.Status);
        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync("models"));
    }

    [Fact]
    public async Task CallWithOneMoreHeader_MatchesButIsNotTheSame()
    {
        var stub = (await Bench.LoadAsync("anthropic/message"))["message"];

        var exchange = await Bench.ExchangeAsync(Api, stub, headers: [("X-Nobody-Asked-For", "1")]);

        Assert.Equal(200, exchange.Status);
        var noticed = await Assert.ThrowsAsync<EmptyException>(() => Bench.AssertCallsAsync("message"));
        Assert.Contains("X-Nobody-Asked-For", noticed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallTooManyOrTooFew_IsNoticed()
    {
        var stub = (await Bench.LoadAsync("anthropic/message"))["message"];

        await Bench.ExchangeAsync(Api, stub);

        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync());
        await Assert.ThrowsAsync<EqualException>(() => Bench.AssertCallsAsync("message", "message"));
        await Bench.AssertCallsAsync("message");
    }
}
