using System.Net;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>Agents of an image that takes no credential while it runs.</summary>
[Collection(AgentGroup.Name)]
public sealed class OldImageTests(AgentServices services)
{
    [Fact]
    public async Task Rollover_OldImage_ContainerIsMadeAnewOnceItsTasksHaveEnded()
    {
        await using var bench = await AgentBench.StartAsync(services);

        await RollOverAsync(bench, await bench.AddShellAsync(image: AgentImage.Old));
    }

    [Fact]
    public async Task Rollover_ImageAnswers404_ContainerIsMadeAnewOnceItsTasksHaveEnded()
    {
        services.RequireEngine();
        await using var image = await RelabelledImage.MakeAsync(services.Engine);
        await using var bench = await AgentBench.StartAsync(services);

        await RollOverAsync(bench, await bench.AddShellAsync(image: RelabelledImage.Name));
    }

    private static async Task RollOverAsync(AgentBench bench, BenchAgent agent)
    {
        Assert.Equal(AgentBench.FingerprintOf(bench.Token), await agent.FingerprintInUseAsync());
        var before = await agent.IdentityAsync();
        var running = await agent.BeginWaitingAsync("gate", BenchAgent.PrintFingerprint);

        var next = Canaries.New("anthropic-oauth");
        var rollout = (await bench.PutTokenAsync(next)).GetProperty("rollout");
        await Eventually.TrueAsync(async () => (await agent.ViewAsync()).GetProperty("auth").GetProperty("delivery").GetString() == "draining", "the agent is to be made anew");
        var (status, refusal) = await agent.TryRunAsync("true");
        var draining = await bench.RolloutAsync(rollout);
        var during = await agent.IdentityAsync();
        await agent.OpenAsync("gate");
        var ended = await running;
        await bench.WhenSafeToRevokeAsync(rollout);

        Assert.Equal(before, during);
        Assert.True(status == HttpStatusCode.ServiceUnavailable, refusal); // else there would always be one more that runs
        Assert.False(draining.GetProperty("safe_to_revoke").GetBoolean());
        Assert.Equal(("completed", AgentBench.FingerprintOf(bench.Token)), (ended.Outcome, ended.Response));
        Assert.NotEqual(before.Id, (await agent.IdentityAsync()).Id);
        Assert.Equal(AgentBench.FingerprintOf(next), await agent.FingerprintInUseAsync());
    }

    /// <summary>The old image without its label: it answers 404, and nobody knows before.</summary>
    private sealed class RelabelledImage(DockerApi engine) : IAsyncDisposable
    {
        public const string Name = "trinity-agent:tests-unlabelled";

        public static async Task<RelabelledImage> MakeAsync(DockerApi engine)
        {
            var made = await engine.SendAsync(HttpMethod.Post, "/containers/create", DockerApi.Json($$"""{"Image": "{{AgentImage.Old}}"}"""));
            var id = made.GetProperty("Id").GetString();
            await engine.SendAsync(HttpMethod.Post, $"/commit?container={id}&repo=trinity-agent&tag=tests-unlabelled&changes={Uri.EscapeDataString("LABEL trinity.credential-reload=")}", DockerApi.Json("null"));
            await engine.DeleteAsync($"/containers/{id}?v=1");
            return new RelabelledImage(engine);
        }

        public async ValueTask DisposeAsync() => await engine.DeleteAsync($"/images/{Name}?force=1");
    }
}
