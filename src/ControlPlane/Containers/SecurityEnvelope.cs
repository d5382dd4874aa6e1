using System.Globalization;

namespace Trinity.ControlPlane.Containers;

/// <summary>Makes the engine's request of a <see cref="ContainerSpec"/>. Every agent gets the same bounds, whatever its spec says.</summary>
internal static class SecurityEnvelope
{
    /// <summary>The image's account "developer".</summary>
    public const string User = "1000:1000";

    /// <summary>Where the agent server keeps the credential that it was handed while running.</summary>
    /// <remarks>
    /// It must outlive a stop and a start, and must be gone when the container is made anew. The root filesystem is read-only, so instead of its writable layer
    /// the container gets an anonymous volume here, which lives and dies with it: <see cref="IAgentRuntime.RemoveAsync"/> removes anonymous volumes, and a new
    /// container is given a new one. The engine copies owner and mode from the image.
    /// </remarks>
    public const string StateDirectory = "/var/lib/trinity";

    private const string DefaultNetwork = "bridge";
    private const long NanoCpusPerCpu = 1_000_000_000;

    // Programs are not to be put where everyone can write; what needs an executable scratch directory has TMPDIR in its home.
    private const string ScratchOptions = "rw,noexec,nosuid,nodev,size=512m,mode=1777";

    /// <exception cref="EngineException">The spec asks for what no agent gets.</exception>
    public static CreateContainerRequest Apply(ContainerSpec spec)
    {
        RequireLimits(spec.Limits);
        var network = NetworkOf(spec);
        var port = string.Create(CultureInfo.InvariantCulture, $"{spec.Port}/tcp");
        return new CreateContainerRequest
        {
            Image = spec.Image,
            User = User,
            Env = [.. spec.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={variable.Value}")],
            Labels = AgentLabels.WithPlatform(spec.Labels),
            ExposedPorts = new Dictionary<string, EmptyObject>(StringComparer.Ordinal) { [port] = new() },
            HostConfig = HostConfigOf(spec, network, port),
            NetworkingConfig = new(new Dictionary<string, EmptyObject>(StringComparer.Ordinal) { [network] = new() }),
        };
    }

    private static HostConfigRequest HostConfigOf(ContainerSpec spec, string network, string port) => new()
    {
        NetworkMode = network,
        PidMode = "", // its own
        IpcMode = "private",
        Privileged = false,
        CapDrop = ["ALL"],
        SecurityOpt = ["no-new-privileges:true"],
        ReadonlyRootfs = true,
        Tmpfs = new Dictionary<string, string>(StringComparer.Ordinal) { ["/tmp"] = ScratchOptions },
        Mounts =
        [
            new("volume", Source: null, StateDirectory),
            .. spec.Volumes.OrderBy(volume => volume.Key, StringComparer.Ordinal).Select(volume => new MountRequest("volume", EnginePath.Checked(volume.Value, "volume"), volume.Key)),
        ],
        NanoCpus = (long)(spec.Limits.Cpus * NanoCpusPerCpu),
        Memory = spec.Limits.MemoryBytes,
        MemorySwap = spec.Limits.MemoryBytes, // the sum of both: no swap, where credentials would reach the disk
        PidsLimit = spec.Limits.Pids,
        Ulimits = [new("core", 0, 0)], // a dump would hold credentials
        Init = true, // reaps what a task leaves behind
        RestartPolicy = new("no"), // the control plane decides, and would not know
        LogConfig = new("json-file", new SortedDictionary<string, string>(StringComparer.Ordinal) { ["max-file"] = "3", ["max-size"] = "10m" }),
        PublishAllPorts = false,
        PortBindings = spec.PublishOnLoopback
            ? new Dictionary<string, IReadOnlyList<PortBinding>>(StringComparer.Ordinal) { [port] = [new("127.0.0.1", "")] } // "": a free one
            : new Dictionary<string, IReadOnlyList<PortBinding>>(StringComparer.Ordinal),
        ExtraHosts = spec.ExtraHosts,
    };

    // To the engine, nothing and less mean "no limit".
    private static void RequireLimits(ResourceLimits limits)
    {
        if (limits is not { Cpus: > 0, MemoryBytes: > 0, Pids: > 0 })
        {
            throw new EngineException(EngineFault.Failed, "An agent's limits of processors, memory and processes must be above zero.");
        }
    }

    // "host" and "container:…" would put the agent into somebody else's network; "none" could never be reached.
    private static string NetworkOf(ContainerSpec spec)
    {
        var network = spec.Network ?? DefaultNetwork;
        return network is "host" or "none" or "default"
            ? throw new EngineException(EngineFault.Failed, $"An agent may not use the network '{network}'.")
            : EnginePath.Checked(network, "network");
    }
}
