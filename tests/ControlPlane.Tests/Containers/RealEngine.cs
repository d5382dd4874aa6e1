using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>The runtime over a real engine, for one test: names of its own, and nothing of it left afterwards.</summary>
internal sealed class RealEngine : IAsyncDisposable
{
    private readonly string _id = $"trinity-test-{Guid.CreateVersion7():N}";
    private readonly EngineClient _client;
    private readonly List<string> _volumes = [];

    public RealEngine(DockerApi api)
    {
        Api = api;
        var options = Options.Create(new ControlPlaneOptions { Engine = api.Address });
        _client = new EngineClient(options, TimeProvider.System);
        Runtime = new DockerRuntime(_client, new AgentImages(options), TimeProvider.System);
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["trinity.test"] = _id };
    }

    public DockerApi Api { get; }

    public DockerRuntime Runtime { get; }

    /// <summary>On all that is made here.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>Skips the test, with the reason, where there is no engine and none can be had.</summary>
    public static async Task<RealEngine> OfAsync(DockerFixture fixture)
    {
        var (engine, problem) = await fixture.EngineAsync();
        Assert.SkipWhen(engine is null, $"needs a container engine: {problem}");
        return new RealEngine(engine);
    }

    public string Name(string part) => $"{_id}-{part}";

    public async Task<string> NewVolumeAsync()
    {
        var name = Name($"v{_volumes.Count}");
        _volumes.Add(name);
        await Runtime.CreateVolumeAsync(name, Labels, Timeouts.Token);
        return name;
    }

    public ContainerSpec Spec(string part) => new()
    {
        Name = Name(part),
        Image = DockerTestImage.Reference,
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "baked" },
        Labels = Labels,
        Volumes = new Dictionary<string, string>(StringComparer.Ordinal),
        Port = 8090,
        Limits = new ResourceLimits { Cpus = 0.5, MemoryBytes = 128 * 1024 * 1024, Pids = 40 },
    };

    public async Task<string> RunAsync(ContainerSpec spec)
    {
        var id = await Runtime.CreateAsync(spec, Timeouts.Token);
        await Eventually.TrueAsync(() => TryStartAsync(id), "a free port is found"); // whoever else is on this machine may be quicker to take one
        return id;
    }

    private async Task<bool> TryStartAsync(string id)
    {
        try
        {
            await Runtime.StartAsync(id, Timeouts.Token);
            return true;
        }
        catch (EngineException taken) when (taken.Fault == EngineFault.Conflict)
        {
            return false;
        }
    }

    /// <summary>What a shell in the container writes; the command must succeed.</summary>
    public async Task<string> ShellAsync(string container, string script)
    {
        var result = await Runtime.ExecAsync(container, ["/bin/sh", "-c", script], Timeouts.Token);
        Assert.True(result.ExitCode == 0, $"{script}: {result}");
        return result.Output.TrimEnd('\n');
    }

    /// <summary>All that the container has written.</summary>
    public async Task<string> LogAsync(string container) =>
        string.Join('\n', await Runtime.LogsAsync(container, 1000, follow: false, Timeouts.Token).Select(line => line.Text).ToListAsync(Timeouts.Token));

    public async ValueTask DisposeAsync()
    {
        if (await Api.AnswersAsync())
        {
            foreach (var container in await Runtime.ListAsync(Labels, Timeouts.Token))
            {
                await Runtime.RemoveAsync(container.Id, force: true, Timeouts.Token);
            }

            foreach (var volume in _volumes)
            {
                await Runtime.RemoveVolumeAsync(volume, Timeouts.Token);
            }
        }

        _client.Dispose();
    }
}
