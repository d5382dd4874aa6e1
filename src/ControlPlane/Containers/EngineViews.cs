using System.Globalization;

namespace Trinity.ControlPlane.Containers;

/// <summary>Our view of the engine's replies.</summary>
internal static class EngineViews
{
    private const long NanosecondsPerTick = 100;

    private static readonly Dictionary<string, string> None = [];

    public static ContainerSummary Summary(ContainerItemReply item) =>
        new(item.Id ?? "", NameOf(item.Names is [var name, ..] ? name : null), item.Image ?? "", State(item.State), item.Labels ?? None);

    public static ContainerDetails Details(ContainerReply container)
    {
        var state = State(container.State?.Status);
        return new ContainerDetails
        {
            Id = container.Id ?? "",
            Name = NameOf(container.Name),
            Image = container.Config?.Image ?? "",
            State = state,
            ExitCode = state is ContainerState.Exited or ContainerState.Dead ? container.State?.ExitCode : null,
            OutOfMemory = container.State?.OutOfMemory ?? false,
            StartedAt = container.State?.StartedAt is { Year: > 1 } startedAt ? startedAt : null,
            Labels = container.Config?.Labels ?? None,
            Environment = Variables(container.Config?.Env ?? []),
            PublishedPorts = Ports(container.NetworkSettings?.Ports),
            Addresses = (container.NetworkSettings?.Networks ?? new Dictionary<string, EndpointReply>(StringComparer.Ordinal))
                .Where(network => !string.IsNullOrEmpty(network.Value.Address))
                .ToDictionary(network => network.Key, network => network.Value.Address!, StringComparer.Ordinal),
        };
    }

    public static ContainerEvent Event(EventReply reply)
    {
        var action = reply.Action ?? "";
        return new ContainerEvent(
            action.Split(':')[0], // "exec_create: …" goes on with the command, which is nobody's business
            reply.Actor?.Id ?? "",
            reply.Actor?.Attributes ?? None, // the labels, and the image and name beside them
            DateTimeOffset.UnixEpoch.AddTicks(reply.TimeNano / NanosecondsPerTick));
    }

    /// <summary>Processors in use between the two samples that the engine has taken; memory without the page cache that would be given back.</summary>
    public static ContainerStats Stats(StatsReply stats)
    {
        var used = (double)((stats.Cpu?.Usage?.Total ?? 0) - (stats.EarlierCpu?.Usage?.Total ?? 0));
        var passed = (double)((stats.Cpu?.System ?? 0) - (stats.EarlierCpu?.System ?? 0));
        var cores = used > 0 && passed > 0 ? used / passed * (stats.Cpu?.Online ?? 1) : 0;
        return new ContainerStats(cores, Math.Max(0, (stats.Memory?.Usage ?? 0) - PageCache(stats.Memory)), stats.Memory?.Limit ?? 0, stats.Pids?.Current ?? 0);
    }

    public static ImageDetails Image(ImageReply image) => new(image.Id ?? "", image.RepoTags ?? [], image.Config?.Labels ?? None);

    private static ContainerState State(string? status) => status switch
    {
        "created" => ContainerState.Created,
        "running" => ContainerState.Running,
        "paused" => ContainerState.Paused,
        "restarting" => ContainerState.Restarting,
        "removing" => ContainerState.Removing,
        "exited" => ContainerState.Exited,
        "dead" => ContainerState.Dead,
        _ => throw new EngineException(EngineFault.Failed, $"The container engine says of a container that it is '{status}', which we do not know."),
    };

    private static string NameOf(string? name) => name?.TrimStart('/') ?? "";

    private static Dictionary<string, string> Variables(IReadOnlyList<string> lines)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var parts = line.Split('=', 2);
            variables[parts[0]] = parts is [_, var value] ? value : "";
        }

        return variables;
    }

    private static Dictionary<int, int> Ports(IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? ports)
    {
        var published = new Dictionary<int, int>();
        foreach (var (inside, bindings) in ports ?? new Dictionary<string, IReadOnlyList<PortBinding>?>(StringComparer.Ordinal))
        {
            if (inside.Split('/') is [var port, "tcp"]
                && bindings?.FirstOrDefault(binding => binding.HostIp == "127.0.0.1") is { HostPort: { } hostPort }
                && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && int.TryParse(hostPort, NumberStyles.None, CultureInfo.InvariantCulture, out var host))
            {
                published[number] = host;
            }
        }

        return published;
    }

    // The two versions of control groups name it differently.
    private static long PageCache(MemoryReply? memory) =>
        memory?.Stats is { } stats && (stats.TryGetValue("total_inactive_file", out var inactive) || stats.TryGetValue("inactive_file", out inactive)) ? inactive : 0;
}
