using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>A container engine without containers: the same answers, refusals and events as the real one's, and in each running container a real agent server.</summary>
/// <remarks><c>_lock</c> guards containers and volumes; servers are started and stopped outside of it, in the container's turn.</remarks>
internal sealed class InMemoryEngine : IAgentRuntime, IAsyncDisposable
{
    public const string Image = "trinity-agent:1";

    /// <summary>Of before the reload of credentials.</summary>
    public const string OldImage = "trinity-agent:0";

    /// <summary>The one secret that is in an agent's environment by design: the agent server's bearer token.</summary>
    public const string OwnToken = "TRINITY_AGENTSERVER__TOKEN";

    private readonly Lock _lock = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("trinity-engine-");
    private readonly AgentImages _allowed = new(Options.Create(new ControlPlaneOptions()));
    private readonly List<FakeContainer> _containers = [];
    private readonly List<FakeContainer> _ever = [];
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _volumes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _networks = new(StringComparer.Ordinal) { ["bridge"] = true };
    private readonly ConcurrentDictionary<string, AgentScript> _scripts = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, FakeImage> Images { get; } = new(StringComparer.Ordinal)
    {
        [Image] = FakeImage.Of(Image, takesCredentials: true),
        [OldImage] = FakeImage.Of(OldImage, takesCredentials: false),
    };

    public EngineCalls Calls { get; } = new();

    public EngineFaults Faults { get; } = new();

    public EngineEvents Events { get; } = new();

    /// <summary>What commands in containers answer.</summary>
    public Func<string, IReadOnlyList<string>, ExecResult> OnExec { get; set; } = (_, _) => new ExecResult(0, "", "");

    public IReadOnlyList<string> Volumes => Locked(() => _volumes.Keys.Order(StringComparer.Ordinal).ToList());

    /// <summary>All containers that there ever were.</summary>
    public IReadOnlyList<FakeContainer> Ever => Locked(() => _ever.ToList());

    /// <summary>How the agent of this name misbehaves, and what reached it; may be asked for before there is one.</summary>
    public AgentScript Script(string agent) => _scripts.GetOrAdd(agent, _ => new AgentScript());

    /// <summary>The one container of the agent of this name.</summary>
    public FakeContainer Container(string agent) => Locked(() => Assert.Single(_containers, container => container.AgentName == agent));

    /// <summary>The agent server of the agent of this name, which runs.</summary>
    public FakeAgent Agent(string agent) => Locked(() => _containers.Single(container => container.AgentName == agent && container.State == ContainerState.Running).Agent!);

    /// <summary>Nobody answers at the engine's address any more, and streams end; what runs goes on running.</summary>
    public void Disconnect()
    {
        Faults.SetAway(true);
        Events.Break(EngineFaults.Away());
    }

    /// <summary>The engine is killed, and every container with it.</summary>
    public async Task KillAsync()
    {
        Disconnect();
        foreach (var container in Locked(() => _containers.ToList()))
        {
            await EndAsync(container, exitCode: 255, outOfMemory: false, actions: []);
        }
    }

    public void Connect() => Faults.SetAway(false);

    /// <summary>A container's program ends by itself.</summary>
    public Task CrashAsync(string agent, int exitCode = 137, bool outOfMemory = false) =>
        EndAsync(Container(agent), exitCode, outOfMemory, outOfMemory ? ["oom", "die"] : ["die"]);

    public Task<EngineVersion> VersionAsync(CancellationToken cancellationToken) => CallAsync("version", "", () => Task.FromResult(new EngineVersion("in-memory", "1.41")), cancellationToken);

    public Task<string> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken) => CallAsync("create", spec.Name, () => Task.FromResult(Create(spec)), cancellationToken);

    public Task StartAsync(string container, CancellationToken cancellationToken) => CallAsync("start", NameOf(container), () => StartAsync(Require(container)), cancellationToken);

    public Task StopAsync(string container, TimeSpan grace, CancellationToken cancellationToken) =>
        CallAsync("stop", NameOf(container), () => EndAsync(Require(container), exitCode: 0, outOfMemory: false, ["kill", "die", "stop"]), cancellationToken);

    public Task RemoveAsync(string container, bool force, CancellationToken cancellationToken) => CallAsync("remove", NameOf(container), () => RemoveAsync(Find(container), force), cancellationToken);

    public Task RenameAsync(string container, string name, CancellationToken cancellationToken) => CallAsync("rename", NameOf(container), () =>
    {
        var target = Require(container);
        Locked(() =>
        {
            RequireFreeName(EnginePath.Checked(name, "container"));
            target.Name = name;
        });
        Raise(target, "rename");
        return Task.FromResult(true);
    }, cancellationToken);

    public Task<ContainerDetails?> InspectAsync(string container, CancellationToken cancellationToken) =>
        CallAsync("inspect", NameOf(container), () => Task.FromResult(Locked(() => Find(container)?.Details())), cancellationToken);

    public Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) => CallAsync(
        "list", "", () => Task.FromResult<IReadOnlyList<ContainerSummary>>(Locked(() => _containers.Where(container => container.Carries(labels)).Select(container => container.Summary()).ToList())), cancellationToken);

    public async IAsyncEnumerable<LogLine> LogsAsync(string container, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var log = await CallAsync("logs", NameOf(container), () => Task.FromResult(Require(container).Log), cancellationToken);
        var read = Math.Max(0, log.Lines.Count - tail);
        IReadOnlyList<LogLine> lines = [.. log.Lines.Skip(read)];
        while (lines.Count > 0 || follow)
        {
            foreach (var line in lines)
            {
                yield return line;
            }

            read += lines.Count;
            lines = follow ? await log.WaitBeyondAsync(read, cancellationToken) : [];
            follow = follow && lines.Count > 0;
        }
    }

    public IAsyncEnumerable<ContainerEvent> EventsAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        Calls.Add("events");
        return Faults.IsAway ? NoEventsAsync() : Events.Listen(labels, cancellationToken);
    }

    public Task<ContainerStats> StatsAsync(string container, CancellationToken cancellationToken) => CallAsync("stats", NameOf(container), () =>
    {
        var target = Require(container);
        return Task.FromResult(target.State == ContainerState.Running ? new ContainerStats(0.25, 64 * 1024 * 1024, target.Spec.Limits.MemoryBytes, 3) : new ContainerStats(0, 0, 0, 0));
    }, cancellationToken);

    public Task<ExecResult> ExecAsync(string container, IReadOnlyList<string> command, CancellationToken cancellationToken) => CallAsync("exec", NameOf(container), () =>
    {
        var target = Require(container);
        return target.State == ContainerState.Running
            ? Task.FromResult(OnExec(target.Name, command))
            : throw new EngineException(EngineFault.Conflict, $"container {target.Id} is not running");
    }, cancellationToken);

    public Task CreateVolumeAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) => CallAsync("create_volume", name, () =>
    {
        Locked(() => AddVolume(EnginePath.Checked(name, "volume"), labels));
        return Task.FromResult(true);
    }, cancellationToken);

    public Task RemoveVolumeAsync(string name, CancellationToken cancellationToken) => CallAsync("remove_volume", name, () =>
    {
        Locked(() =>
        {
            if (_containers.Exists(container => container.Spec.Volumes.Values.Contains(name, StringComparer.Ordinal)))
            {
                throw new EngineException(EngineFault.Conflict, $"remove {name}: volume is in use");
            }

            if (_volumes.Remove(name))
            {
                Directory.Delete(VolumeFolder(name), recursive: true);
            }
        });
        return Task.FromResult(true);
    }, cancellationToken);

    public Task EnsureNetworkAsync(string name, CancellationToken cancellationToken) => CallAsync("ensure_network", name, () => Task.FromResult(_networks.TryAdd(name, true)), cancellationToken);

    public Task<ImageDetails?> InspectImageAsync(string image, CancellationToken cancellationToken) => CallAsync(
        "inspect_image", image, () => Task.FromResult(Images.TryGetValue(image, out var found) ? new ImageDetails(found.Id, [image], found.Labels) : null), cancellationToken);

    /// <summary>The folder of a named volume.</summary>
    public string VolumeFolder(string name) => Path.Combine(_folder.FullName, "volumes", name);

    public async ValueTask DisposeAsync()
    {
        Events.Break(EngineFaults.Away());
        foreach (var container in Ever)
        {
            if (container.Agent is { } agent)
            {
                await agent.DisposeAsync();
            }
        }

        _folder.Delete(recursive: true);
    }

    private static async IAsyncEnumerable<ContainerEvent> NoEventsAsync()
    {
        await Task.FromException(EngineFaults.Away());
        yield break;
    }

    private string Create(ContainerSpec spec)
    {
        if (_allowed.WhyRefused(spec.Image) is { } reason)
        {
            throw new EngineException(EngineFault.Failed, reason);
        }

        SecurityEnvelope.Apply(spec); // refuses what no agent gets
        if (spec.Labels.ContainsKey(AgentLabels.AgentId) && spec.Environment.TryGetValue(OwnToken, out var token))
        {
            Canaries.Plant("agent's own token", token); // here, and nowhere else
        }

        EnginePath.Checked(spec.Name, "container");
        var image = Images.GetValueOrDefault(spec.Image) ?? throw new EngineException(EngineFault.NotFound, $"No such image: {spec.Image}");
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var created = Locked(() =>
        {
            RequireFreeName(spec.Name);
            foreach (var volume in spec.Volumes.Values)
            {
                AddVolume(volume, new Dictionary<string, string>(StringComparer.Ordinal));
            }

            var container = new FakeContainer(id, spec, image, _folder.CreateSubdirectory($"state/{id}").FullName);
            _containers.Add(container);
            _ever.Add(container);
            return container;
        });
        Raise(created, "create");
        return id;
    }

    private async Task<bool> StartAsync(FakeContainer container)
    {
        await container.Turn.WaitAsync(Timeouts.Token);
        try
        {
            if (container.IsRemoved)
            {
                throw Missing(container.Name);
            }

            if (container.State == ContainerState.Running)
            {
                return false;
            }

            if (container.Spec.Network is { } network && !_networks.ContainsKey(network))
            {
                throw new EngineException(EngineFault.NotFound, $"network {network} not found");
            }

            var home = container.Spec.Volumes.GetValueOrDefault("/home/developer") is { } volume ? VolumeFolder(volume) : container.StateFolder;
            var exitCode = await container.RunAsync(home, Script(container.AgentName));
            Locked(() =>
            {
                (container.State, container.ExitCode, container.OutOfMemory) = (exitCode is null ? ContainerState.Running : ContainerState.Exited, exitCode, false);
                container.StartedAt = TimeProvider.System.GetUtcNow();
            });
            Raise(container, "start");
            if (exitCode is not null)
            {
                Raise(container, "die");
            }

            return true;
        }
        finally
        {
            container.Turn.Release();
        }
    }

    private async Task<bool> EndAsync(FakeContainer container, int exitCode, bool outOfMemory, IReadOnlyList<string> actions)
    {
        await container.Turn.WaitAsync(Timeouts.Token);
        try
        {
            if (container.State != ContainerState.Running)
            {
                return false;
            }

            await container.Agent!.DownAsync();
            Locked(() => (container.State, container.ExitCode, container.OutOfMemory) = (ContainerState.Exited, exitCode, outOfMemory));
            container.Log.SetEnded(true);
            foreach (var action in actions)
            {
                Raise(container, action);
            }

            return true;
        }
        finally
        {
            container.Turn.Release();
        }
    }

    private async Task<bool> RemoveAsync(FakeContainer? container, bool force)
    {
        if (container is null)
        {
            return false;
        }

        if (force)
        {
            await EndAsync(container, exitCode: 137, outOfMemory: false, ["kill", "die"]);
        }

        Locked(() =>
        {
            if (container.State == ContainerState.Running)
            {
                throw new EngineException(EngineFault.Conflict, $"You cannot remove a running container {container.Id}. Stop the container before attempting removal or force remove");
            }

            container.IsRemoved = _containers.Remove(container) || container.IsRemoved;
        });
        container.Log.SetEnded(true);
        Directory.Delete(container.StateFolder, recursive: true);
        Raise(container, "destroy");
        return true;
    }

    private async Task<T> CallAsync<T>(string call, string target, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Calls.Add($"{call} {target}".TrimEnd());
        await Faults.PassAsync(call, target, isAfter: false, cancellationToken);
        var result = await work();
        await Faults.PassAsync(call, target, isAfter: true, cancellationToken);
        return result;
    }

    private void RequireFreeName(string name)
    {
        if (_containers.Find(container => container.Name == name) is { } holder)
        {
            throw new EngineException(EngineFault.Conflict, string.Create(CultureInfo.InvariantCulture, $"Conflict. The container name \"/{name}\" is already in use by container \"{holder.Id}\"."));
        }
    }

    private void AddVolume(string name, IReadOnlyDictionary<string, string> labels)
    {
        if (_volumes.TryAdd(name, labels))
        {
            Directory.CreateDirectory(VolumeFolder(name));
        }
    }

    private FakeContainer? Find(string idOrName) => Locked(() => _containers.Find(container => container.Id == idOrName || container.Name == idOrName));

    private FakeContainer Require(string idOrName) => Find(idOrName) ?? throw Missing(idOrName);

    private string NameOf(string idOrName) => Find(idOrName)?.Name ?? idOrName;

    private static EngineException Missing(string idOrName) => new(EngineFault.NotFound, $"No such container: {idOrName}");

    private void Raise(FakeContainer container, string action) => Events.Raise(container.Event(action, TimeProvider.System.GetUtcNow()));

    private T Locked<T>(Func<T> work)
    {
        lock (_lock)
        {
            return work();
        }
    }

    private void Locked(Action work)
    {
        lock (_lock)
        {
            work();
        }
    }
}
