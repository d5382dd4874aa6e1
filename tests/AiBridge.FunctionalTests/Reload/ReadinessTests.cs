using System.Net;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Reload;

public sealed class ReadinessTests
{
    [Fact]
    public async Task Readyz_NewerConfigurationCannotBeApplied_TurnsUnreadyAndBack()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:HeartbeatInterval=00:00:00.050", "AiBridge:UnreadyAfter=00:00:00.500"]);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models to models_of_the_future; update ai_providers set enabled = true");

        await Eventually.TrueAsync(async () => await StatusAsync(bench) == HttpStatusCode.ServiceUnavailable, "it turns unready");
        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode); // who still comes is served

        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models_of_the_future to models");
        await Eventually.TrueAsync(async () => await StatusAsync(bench) == HttpStatusCode.OK, "it turns ready again");
    }

    private static async Task<HttpStatusCode> StatusAsync(TestBench bench)
    {
        using var reply = await bench.Client.GetAsync("/readyz", Timeouts.Token);
        return reply.StatusCode;
    }
}
