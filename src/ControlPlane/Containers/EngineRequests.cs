namespace Trinity.ControlPlane.Containers;

// What we send, in the engine's names. Nothing is left to the engine's defaults that concerns security.

/// <summary>POST /containers/create.</summary>
internal sealed record CreateContainerRequest
{
    public required string Image { get; init; }

    public required string User { get; init; }

    public required IReadOnlyList<string> Env { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, EmptyObject> ExposedPorts { get; init; }

    public required HostConfigRequest HostConfig { get; init; }

    public required NetworkingRequest NetworkingConfig { get; init; }
}

internal sealed record HostConfigRequest
{
    public required string NetworkMode { get; init; }

    public required string PidMode { get; init; }

    public required string IpcMode { get; init; }

    public required bool Privileged { get; init; }

    public required IReadOnlyList<string> CapDrop { get; init; }

    public required IReadOnlyList<string> SecurityOpt { get; init; }

    public required bool ReadonlyRootfs { get; init; }

    public required IReadOnlyDictionary<string, string> Tmpfs { get; init; }

    public required IReadOnlyList<MountRequest> Mounts { get; init; }

    public required long NanoCpus { get; init; }

    public required long Memory { get; init; }

    public required long MemorySwap { get; init; }

    public required int PidsLimit { get; init; }

    public required IReadOnlyList<UlimitRequest> Ulimits { get; init; }

    public required bool Init { get; init; }

    public required RestartPolicyRequest RestartPolicy { get; init; }

    public required LogConfigRequest LogConfig { get; init; }

    public required bool PublishAllPorts { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<PortBinding>> PortBindings { get; init; }

    public required IReadOnlyList<string> ExtraHosts { get; init; }
}

/// <summary>A volume; without a source, one of the container's own that is removed with it.</summary>
internal sealed record MountRequest(string Type, string? Source, string Target);

internal sealed record UlimitRequest(string Name, long Soft, long Hard);

internal sealed record RestartPolicyRequest(string Name);

internal sealed record LogConfigRequest(string Type, IReadOnlyDictionary<string, string> Config);

internal sealed record PortBinding(string? HostIp, string? HostPort);

internal sealed record NetworkingRequest(IReadOnlyDictionary<string, EmptyObject> EndpointsConfig);

/// <summary>The engine writes sets as objects whose members have no content.</summary>
internal sealed record EmptyObject;

internal sealed record CreateVolumeRequest(string Name, string Driver, IReadOnlyDictionary<string, string> Labels);

internal sealed record CreateNetworkRequest(string Name, string Driver, bool CheckDuplicate, IReadOnlyDictionary<string, string> Labels);

internal sealed record CreateExecRequest(bool AttachStdout, bool AttachStderr, IReadOnlyList<string> Cmd);

internal sealed record StartExecRequest(bool Detach, bool Tty);
