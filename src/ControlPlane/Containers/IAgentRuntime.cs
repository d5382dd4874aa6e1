namespace Trinity.ControlPlane.Containers;

/// <summary>The container engine, as agents need it. All methods throw <see cref="EngineException"/> with the engine's own words when it refuses or is out of reach.</summary>
internal interface IAgentRuntime
{
    /// <summary>The engine's version and the API version agreed on.</summary>
    Task<EngineVersion> VersionAsync(CancellationToken cancellationToken);

    /// <returns>The new container's id; it is not started.</returns>
    Task<string> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken);

    /// <summary>Harmless when it runs already.</summary>
    Task StartAsync(string container, CancellationToken cancellationToken);

    /// <summary>SIGTERM, and SIGKILL after <paramref name="grace"/>; harmless when it is stopped already.</summary>
    Task StopAsync(string container, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Removes a stopped container and its anonymous volumes; harmless when it is gone already.</summary>
    Task RemoveAsync(string container, bool force, CancellationToken cancellationToken);

    Task RenameAsync(string container, string name, CancellationToken cancellationToken);

    /// <summary>Null when there is none of this id or name.</summary>
    Task<ContainerDetails?> InspectAsync(string container, CancellationToken cancellationToken);

    /// <summary>All containers, running or not, that have every one of <paramref name="labels"/>.</summary>
    Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Lines of standard output and error, oldest first; with <paramref name="follow"/> until the container ends.</summary>
    IAsyncEnumerable<LogLine> LogsAsync(string container, int tail, bool follow, CancellationToken cancellationToken);

    /// <summary>What happens to containers with these labels from now on. Ends with <see cref="EngineException"/> when the engine goes away.</summary>
    IAsyncEnumerable<ContainerEvent> EventsAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    Task<ContainerStats> StatsAsync(string container, CancellationToken cancellationToken);

    Task<ExecResult> ExecAsync(string container, IReadOnlyList<string> command, CancellationToken cancellationToken);

    /// <summary>Harmless when it exists.</summary>
    Task CreateVolumeAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Harmless when it is gone.</summary>
    Task RemoveVolumeAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes a bridge network unless there is one of this name.</summary>
    Task EnsureNetworkAsync(string name, CancellationToken cancellationToken);

    /// <summary>Null when the engine does not have it.</summary>
    Task<ImageDetails?> InspectImageAsync(string image, CancellationToken cancellationToken);
}

/// <summary>What a container is made of. The security envelope (user 1000, no capabilities, no new privileges, limits) is the runtime's, not the caller's.</summary>
internal sealed record ContainerSpec
{
    public required string Name { get; init; }

    public required string Image { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Named volumes by the path they are mounted at.</summary>
    public required IReadOnlyDictionary<string, string> Volumes { get; init; }

    /// <summary>The agent server's port in the container.</summary>
    public required int Port { get; init; }

    /// <summary>Whether that port is published on a free port of 127.0.0.1; otherwise it is reached by the network.</summary>
    public bool PublishOnLoopback { get; init; }

    public string? Network { get; init; }

    /// <summary>Entries for the container's hosts file, such as <c>host.docker.internal:host-gateway</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    public ResourceLimits Limits { get; init; } = new();
}

/// <summary>What a container may use at most.</summary>
internal sealed record ResourceLimits
{
    /// <summary>In processors.</summary>
    public double Cpus { get; init; } = 2;

    public long MemoryBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    public int Pids { get; init; } = 512;
}

/// <summary>Where a container stands.</summary>
internal enum ContainerState
{
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

internal sealed record EngineVersion(string Version, string ApiVersion);

internal sealed record ContainerSummary(string Id, string Name, string Image, ContainerState State, IReadOnlyDictionary<string, string> Labels);

internal sealed record ContainerDetails
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Image { get; init; }

    public required ContainerState State { get; init; }

    public int? ExitCode { get; init; }

    public bool OutOfMemory { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Host ports on 127.0.0.1 by the container's port.</summary>
    public required IReadOnlyDictionary<int, int> PublishedPorts { get; init; }

    /// <summary>Its addresses by network name.</summary>
    public required IReadOnlyDictionary<string, string> Addresses { get; init; }
}

internal sealed record LogLine(bool IsError, string Text);

/// <param name="Action">The engine's word: <c>start</c>, <c>die</c>, <c>oom</c>, <c>destroy</c>, …</param>
internal sealed record ContainerEvent(string Action, string ContainerId, IReadOnlyDictionary<string, string> Labels, DateTimeOffset At);

internal sealed record ContainerStats(double CpuCores, long MemoryBytes, long MemoryLimitBytes, int Pids);

internal sealed record ExecResult(int ExitCode, string Output, string Errors);

internal sealed record ImageDetails(string Id, IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string> Labels);
