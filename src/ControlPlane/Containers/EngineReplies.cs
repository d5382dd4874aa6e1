using System.Text.Json.Serialization;

namespace Trinity.ControlPlane.Containers;

// What the engine answers: the members that we read, all of them optional, because it is another program's word.

internal sealed record VersionReply(string? Version, string? ApiVersion, [property: JsonPropertyName("MinAPIVersion")] string? MinApiVersion);

internal sealed record ErrorReply([property: JsonPropertyName("message")] string? Message);

internal sealed record IdReply(string? Id);

internal sealed record ContainerItemReply(string? Id, IReadOnlyList<string>? Names, string? Image, string? State, IReadOnlyDictionary<string, string>? Labels);

internal sealed record ContainerReply(string? Id, string? Name, StateReply? State, ConfigReply? Config, NetworkSettingsReply? NetworkSettings);

internal sealed record StateReply(string? Status, int ExitCode, [property: JsonPropertyName("OOMKilled")] bool OutOfMemory, DateTimeOffset? StartedAt);

internal sealed record ConfigReply(string? Image, IReadOnlyList<string>? Env, IReadOnlyDictionary<string, string>? Labels);

internal sealed record NetworkSettingsReply(IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? Ports, IReadOnlyDictionary<string, EndpointReply>? Networks);

internal sealed record EndpointReply([property: JsonPropertyName("IPAddress")] string? Address);

internal sealed record NetworkReply(string? Name);

internal sealed record ImageReply(string? Id, IReadOnlyList<string>? RepoTags, ConfigReply? Config);

internal sealed record ExecReply(bool Running, int? ExitCode);

internal sealed record EventReply(string? Type, string? Action, ActorReply? Actor, [property: JsonPropertyName("timeNano")] long TimeNano);

internal sealed record ActorReply([property: JsonPropertyName("ID")] string? Id, IReadOnlyDictionary<string, string>? Attributes);

internal sealed record StatsReply(
    [property: JsonPropertyName("cpu_stats")] CpuReply? Cpu,
    [property: JsonPropertyName("precpu_stats")] CpuReply? EarlierCpu,
    [property: JsonPropertyName("memory_stats")] MemoryReply? Memory,
    [property: JsonPropertyName("pids_stats")] PidsReply? Pids);

internal sealed record CpuReply(
    [property: JsonPropertyName("cpu_usage")] CpuUsageReply? Usage,
    [property: JsonPropertyName("system_cpu_usage")] long? System,
    [property: JsonPropertyName("online_cpus")] int? Online);

internal sealed record CpuUsageReply([property: JsonPropertyName("total_usage")] long Total);

internal sealed record MemoryReply(
    [property: JsonPropertyName("usage")] long? Usage,
    [property: JsonPropertyName("limit")] long? Limit,
    [property: JsonPropertyName("stats")] IReadOnlyDictionary<string, long>? Stats);

internal sealed record PidsReply([property: JsonPropertyName("current")] int? Current);
