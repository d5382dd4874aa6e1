using System.Net;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>The connections to a provider: made once and used again, by every route and every caller; and a host that nobody knows.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task Requests_OneAfterTheOther_ShareOneConnection()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Respond(request => request.Method == "GET" ? FakeReply.Json(200, "{}") : OpenAiResponse.Saying("Hello.").For(request));
        var another = await bench.Config.AddVirtualKeyAsync("another");
        await bench.AppliedAsync();

        for (var i = 0; i < 10; i++)
        {
            foreach (var request in new[] { bench.Request(Models.Responses), bench.Request(Models.Responses, stream: true), Get(bench, bench.Token), Get(bench, another) })
            {
                using (request)
                {
                    using var reply = await bench.SendAsync(request);
                    _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
                    Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
                }
            }
        }

        Assert.Single(bench.Upstream.Requests.Select(request => request.ConnectionId).Distinct(StringComparer.Ordinal));
        Assert.Equal((40, 1), (bench.Upstream.Requests.Count, bench.Upstream.AcceptedConnections));
    }

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task Host_ThatNobodyKnows_IsABadGatewayInTheVendorsShape(string dialect, bool stream)
    {
        await using var bench = await TestBench.StartAsync([]);
        await bench.Config.AddProviderAsync("nowhere", Models.Provider(dialect), "http://provider.invalid", ["sk-nowhere-0123456789"]);
        await bench.AppliedAsync();

        using var reply = await bench.SendAsync(bench.Request(dialect, stream, "nowhere"));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.BadGateway, ErrorBody.ShapeOf(Models.Path(dialect))), (reply.StatusCode, error.Shape));
        Assert.Contains(error.Code, new[] { "upstream_unresolved", "upstream_unreachable" }); // some resolvers say that they cannot tell
        var record = await bench.RecordedAsync(reply);
        Assert.Equal((502, "provider_error", error.Code, null), (record.Status, record.Outcome, record.Error, record.Input));
    }

    private static HttpRequestMessage Get(TestBench bench, string token) => new(HttpMethod.Get, "/openai/v1/models") { Headers = { Authorization = new("Bearer", token) } };
}
