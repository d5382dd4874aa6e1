using System.Net;
using System.Net.Http.Headers;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>The image of the agents, built and run in a real engine inside the envelope.</summary>
public sealed class AgentImageTests(DockerFixture docker)
{
    private const string Token = "agent-token-0123456789";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // of one probe

    [Fact]
    public async Task Image_InTheEnvelope_ServesAndHasItsTools()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        Assert.SkipWhen(AgentImage.WhyImpossible() is not null, $"the agents' image cannot be built: {AgentImage.WhyImpossible()}");
        await AgentImage.BuildAsync(engine.Api);
        var home = await engine.NewVolumeAsync();

        var agent = await StartAsync(engine, "current", AgentImage.Current, home);
        using var server = await ClientAsync(engine, agent);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync(new Uri("/api/info", UriKind.Relative), Timeouts.Token)).StatusCode);
        Assert.StartsWith("git version", await engine.ShellAsync(agent, "git --version"), StringComparison.Ordinal);
        Assert.StartsWith("ripgrep", await engine.ShellAsync(agent, "rg --version"), StringComparison.Ordinal);
        Assert.Contains("Claude Code", await engine.ShellAsync(agent, "claude --version"), StringComparison.Ordinal);
        Assert.Contains("codex", await engine.ShellAsync(agent, "codex --version"), StringComparison.Ordinal);
        Assert.Equal("developer:developer 755 1000", await engine.ShellAsync(agent, "stat -c '%U:%G %a %u' /var/lib/trinity"));
        Assert.Equal("developer 1000", await engine.ShellAsync(agent, "echo $(id -un) $(stat -c %u $HOME)"));

        // The server is the only child of the engine's init, and stops when it is asked to.
        Assert.Equal("docker-init dotnet", await engine.ShellAsync(agent, "echo $(cat /proc/1/comm) $(ps -o comm= --ppid 1)"));
        await engine.Runtime.StopAsync(agent, TimeSpan.FromSeconds(60), Timeouts.After(TimeSpan.FromMinutes(2)));
        Assert.Equal(0, (await engine.Runtime.InspectAsync(agent, Timeouts.Token))!.ExitCode);

        var old = await StartAsync(engine, "old", AgentImage.Old, home);
        using var oldServer = await ClientAsync(engine, old);
        using var refused = await oldServer.PostAsync(new Uri("/api/credentials/reload-token", UriKind.Relative), null, Timeouts.Token);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains("takes no credentials while it runs", await refused.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
    }

    private static Task<string> StartAsync(RealEngine engine, string part, string image, string home) => engine.RunAsync(engine.Spec(part) with
    {
        Image = image,
        PublishOnLoopback = true,
        Environment = new Dictionary<string, string> { ["TRINITY_AGENTSERVER__TOKEN"] = Token },
        Volumes = new Dictionary<string, string> { ["/home/developer"] = home },
        Limits = new ResourceLimits { Cpus = 2, MemoryBytes = 2L * 1024 * 1024 * 1024, Pids = 512 },
    });

    /// <summary>A client of the agent server, once that answers.</summary>
    private static async Task<HttpClient> ClientAsync(RealEngine engine, string agent)
    {
        var details = await engine.Runtime.InspectAsync(agent, Timeouts.Token);
        var client = LoopbackHttp.CreateClient($"http://127.0.0.1:{details!.PublishedPorts[8090]}");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        try
        {
            await Eventually.TrueAsync(() => IsHealthyAsync(client), "the agent server is healthy");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The agent server is not healthy; what it wrote: {await engine.LogAsync(agent)}");
        }

        return client;
    }

    private static async Task<bool> IsHealthyAsync(HttpClient client)
    {
        try
        {
            using var health = await client.GetAsync(new Uri("/health", UriKind.Relative), Timeouts.After(Patience));
            return health.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false; // it does not listen yet, or the engine took the connection before there was anybody to pass it to
        }
    }
}
