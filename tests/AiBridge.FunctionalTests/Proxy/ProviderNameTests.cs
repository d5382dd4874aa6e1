using System.Net;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>A provider is known by its name, not by its type: names cannot be taken twice, and what is of one type stays apart.</summary>
public sealed class ProviderNameTests
{
    [Fact]
    public async Task Name_TakenAlready_IsRefusedToAnyWriterAndTheFirstServes()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Respond(FakeReply.Echo);
        var before = bench.Bridge.Snapshot;

        var refused = await Assert.ThrowsAsync<PostgresException>(() => bench.Config.AddProviderAsync("anthropic", "openai", "https://elsewhere.example", ["sk-second-0123456789"]));

        Assert.Equal(PostgresErrorCodes.UniqueViolation, refused.SqlState);
        Assert.Same(before, bench.Bridge.Snapshot);
        Assert.Equal(TestBench.KeyOf("anthropic"), (await AskAsync(bench, "anthropic")).Header("x-api-key"));
    }

    [Fact]
    public async Task Providers_OfOneTypeAndHost_HaveEachTheirKeyTheirCooldownsAndTheirRecords()
    {
        await using var bench = await TestBench.StartAsync([]);
        foreach (var name in new[] { "research", "production" })
        {
            await bench.Config.AddProviderAsync(name, "anthropic", bench.UpstreamUrl("anthropic"), [$"sk-of-{name}-0123456789"]);
        }

        await bench.AppliedAsync();
        bench.Upstream.Expect("POST", "/v1/messages").WithKey("sk-of-research-0123456789").Reply(FakeReply.TooManyRequests(retryAfterSeconds: 600));
        bench.Upstream.Respond(FakeReply.Echo);

        foreach (var status in new[] { 429, 429 }) // the provider's, then ours without asking it
        {
            using var limited = await bench.SendAsync(bench.Post("/research/v1/messages", """{"model":"m"}"""));
            Assert.Equal(status, (int)limited.StatusCode);
            Assert.Equal(("research", "anthropic"), ((await bench.RecordedAsync(limited)).Provider, (await bench.RecordedAsync(limited)).ProviderType));
        }

        Assert.Equal("sk-of-production-0123456789", (await AskAsync(bench, "production")).Header("x-api-key"));
        Assert.Equal(2, bench.Upstream.Requests.Count);
    }

    private static async Task<EchoReply> AskAsync(TestBench bench, string provider)
    {
        using var reply = await bench.SendAsync(bench.Post($"/{provider}/v1/messages", """{"model":"m"}"""));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(provider, (await bench.RecordedAsync(reply)).Provider);
        return await EchoReply.OfAsync(reply);
    }
}
