using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Trinity.ControlPlane.Containers;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>The agents in the in-memory engine: real ones, and their script.</summary>
public sealed class FakeAgentTests : IAsyncLifetime
{
    private const string Token = "0123456789abcdef";

    private readonly InMemoryEngine _engine = new();
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        await CreateAsync(InMemoryEngine.Image);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task Reload_IsTheRealOne_AndSurvivesAStartButNoNewContainer()
    {
        Assert.Equal(200, await ReloadAsync(2));
        Assert.Equal(200, await ReloadAsync(2));
        Assert.Equal(409, await ReloadAsync(1));
        Assert.Equal([2, 2], _engine.Script("a").Applied);
        Assert.Equal([200, 200, 409], _engine.Script("a").Reloads.Select(reload => reload.Status!.Value));

        await _engine.StopAsync("agent-a", TimeSpan.Zero, Timeouts.Token);
        await StartAsync();
        Assert.Equal(2, _engine.Agent("a").Credential.Generation);

        await _engine.RemoveAsync("agent-a", force: true, Timeouts.Token);
        await CreateAsync(InMemoryEngine.Image);
        await StartAsync();
        Assert.Equal(0, _engine.Agent("a").Credential.Generation);
    }

    [Fact]
    public async Task OldImage_KnowsNothingOfCredentials()
    {
        await _engine.RemoveAsync("agent-a", force: true, Timeouts.Token);
        await CreateAsync(InMemoryEngine.OldImage);
        await StartAsync();

        Assert.Equal(404, await ReloadAsync(1));
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(AgentScript.Status, Timeouts.Token)).StatusCode);
    }

    [Fact]
    public async Task Tasks_KeepTheGenerationTheyBeganOn_AndAreCutByAStop()
    {
        await ReloadAsync(1);
        var agent = _engine.Agent("a");
        var first = agent.Begin("first");
        await ReloadAsync(2);
        var second = agent.Begin("second");

        var status = await _http.GetFromJsonAsync(AgentScript.Status, AgentApiJson.Default.CredentialStatus, Timeouts.Token);
        Assert.Equal([(1, 1), (2, 1)], status!.RunningTasks.Select(running => (running.Generation, running.Count)));
        Assert.Equal(("token-1", "token-2"), (first.Token, second.Token));

        first.End();
        await _engine.StopAsync("agent-a", TimeSpan.Zero, Timeouts.Token);
        Assert.Equal(["second"], agent.Cut);
    }

    [Fact]
    public async Task Task_RunsItsPromptInAShell()
    {
        await ReloadAsync(1);
        using var reply = await _http.PostAsJsonAsync("/api/tasks", new TaskRequest { Prompt = "pwd; exit 75" }, AgentApiJson.Default.TaskRequest, Timeouts.Token);
        var task = await reply.Content.ReadFromJsonAsync(AgentApiJson.Default.TaskView, Timeouts.Token);
        Assert.Equal((TaskOutcome.RateLimited, 1), (task!.Outcome, task.Generation));
        Assert.Equal(_engine.VolumeFolder("home"), task.Response);
    }

    [Fact]
    public async Task LostReply_IsApplied_ACutRequestIsNot()
    {
        var script = _engine.Script("a");
        script.Cut(AgentScript.Reload, times: 1);
        script.LoseReply(AgentScript.Reload, times: 1);

        await Assert.ThrowsAsync<HttpRequestException>(() => ReloadAsync(1));
        Assert.Equal(0, _engine.Agent("a").Credential.Generation);
        await Assert.ThrowsAsync<HttpRequestException>(() => ReloadAsync(2));
        Assert.Equal(2, _engine.Agent("a").Credential.Generation);
        Assert.Equal(200, await ReloadAsync(2));
        await script.WhenAsync(all => all.Reloads.Select(reload => reload.Status).SequenceEqual([499, 200, 200]), "one lost, two applied");
    }

    [Fact]
    public async Task HeldRequest_IsGoneOnWith_EvenIfTheClientHasLeft()
    {
        using var client = new CancellationTokenSource();
        var gate = _engine.Script("a").Hold(AgentScript.Reload, times: 1);
        var held = ReloadAsync(1, client.Token);
        await gate.WhenReachedAsync();
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        Assert.Equal(0, _engine.Agent("a").Credential.Generation);

        gate.Open();

        await _engine.Script("a").WhenAppliedAsync(1);
        Assert.Equal(1, _engine.Agent("a").Credential.Generation);
    }

    [Fact]
    public async Task Stop_LetsHeldRequestsGo()
    {
        var gate = _engine.Script("a").Hold(AgentScript.All);
        var held = ReloadAsync(1);
        await gate.WhenReachedAsync();

        await _engine.StopAsync("agent-a", TimeSpan.Zero, Timeouts.Token);

        await Assert.ThrowsAsync<HttpRequestException>(() => held);
    }

    [Fact]
    public async Task Down_RefusesConnections_UntilItIsUp()
    {
        await _engine.StopAsync("agent-a", TimeSpan.Zero, Timeouts.Token);
        _engine.Script("a").StaysDown = true;
        await StartAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => ReloadAsync(1));

        await _engine.Agent("a").UpAsync();

        Assert.Equal(200, await ReloadAsync(1));
    }

    [Fact]
    public async Task UnusableEnvironment_EndsTheContainerAtOnce()
    {
        await _engine.RemoveAsync("agent-a", force: true, Timeouts.Token);
        await CreateAsync(InMemoryEngine.Image, token: "short");
        await _engine.StartAsync("agent-a", Timeouts.Token);

        Assert.Equal((ContainerState.Exited, 1), (_engine.Container("a").State, _engine.Container("a").ExitCode));
        Assert.Contains("TRINITY_AGENTSERVER__TOKEN", _engine.Container("a").Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetworkWithoutPublishedPort_IsReachedByItsAddress()
    {
        await _engine.RemoveAsync("agent-a", force: true, Timeouts.Token);
        await _engine.EnsureNetworkAsync("agents", Timeouts.Token);
        await CreateAsync(InMemoryEngine.Image, network: "agents");
        await _engine.StartAsync("agent-a", Timeouts.Token);
        var details = (await _engine.InspectAsync("agent-a", Timeouts.Token))!;
        Assert.Empty(details.PublishedPorts);
        using var client = LoopbackHttp.CreateClient($"http://{details.Addresses["agents"]}:8090");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health", Timeouts.Token)).StatusCode);
    }

    private async Task CreateAsync(string image, string token = Token, string? network = null) => await _engine.CreateAsync(
        new ContainerSpec
        {
            Name = "agent-a",
            Image = image,
            Environment = new Dictionary<string, string> { [InMemoryEngine.OwnToken] = token },
            Labels = new Dictionary<string, string> { [AgentLabels.AgentName] = "a" },
            Volumes = new Dictionary<string, string> { ["/home/developer"] = "home" },
            Port = 8090,
            PublishOnLoopback = network is null,
            Network = network,
        },
        Timeouts.Token);

    private async Task StartAsync()
    {
        await _engine.StartAsync("agent-a", Timeouts.Token);
        var port = (await _engine.InspectAsync("agent-a", Timeouts.Token))!.PublishedPorts[8090];
        _http?.Dispose();
        _http = LoopbackHttp.CreateClient($"http://127.0.0.1:{port}");
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    private async Task<int> ReloadAsync(long generation, CancellationToken cancellationToken = default)
    {
        var request = new ReloadTokenRequest { RequestId = $"request-{generation}", Generation = generation, Token = $"token-{generation}" };
        using var reply = await _http.PostAsJsonAsync(AgentScript.Reload, request, AgentApiJson.Default.ReloadTokenRequest, cancellationToken == default ? Timeouts.Token : cancellationToken);
        return (int)reply.StatusCode;
    }
}
