using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Agents;

/// <summary>Body of <c>POST /agents</c>.</summary>
internal sealed class CreateAgentRequest
{
    /// <summary>1 to 40 lower-case letters, digits and -; it is part of the container's name.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary><c>claude-code</c>, <c>codex</c> or <c>command</c>.</summary>
    [Required]
    public string? Runtime { get; init; }

    /// <summary>Omitted: the setting ControlPlane:AgentImage.</summary>
    public string? Image { get; init; }

    /// <summary><c>none</c>, <c>api_key</c> or <c>subscription</c>; omitted: <c>subscription</c> if one is named, else <c>api_key</c>.</summary>
    public string? Auth { get; init; }

    /// <summary>A subscription's name or id; omitted with auth subscription: the one with the most room, and of equals the one with the fewest agents.</summary>
    public string? Subscription { get; init; }

    /// <summary>The provider's name; omitted: the runtime's vendor.</summary>
    public string? Provider { get; init; }

    /// <summary><c>bridge</c> (the default) or <c>provider</c>: directly, with the credential itself in the agent's hands.</summary>
    public string? Via { get; init; }

    public ResourcesRequest? Resources { get; init; }

    /// <summary>Program and arguments of the runtime <c>command</c>.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Variables for the agent's tasks. They are no place for credentials: whoever may ask the engine can read them.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static CreateAgentRequest Read(JsonFields fields)
    {
        var request = new CreateAgentRequest
        {
            Name = fields.Raw("name").Value,
            Runtime = fields.Text("runtime").Value,
            Image = fields.Text("image").Value,
            Auth = fields.Text("auth").Value,
            Subscription = fields.Text("subscription").Value,
            Provider = fields.Text("provider").Value,
            Via = fields.Text("via").Value,
            Resources = fields.Object("resources").Value is { } resources ? ResourcesRequest.Read(resources) : null,
            Command = fields.Texts("command").Value,
            Environment = AgentFields.Environment(fields),
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Body of <c>PATCH /agents/{name}</c>: what the agent works with. It takes effect at once, in the running container.</summary>
internal sealed class UpdateAgentRequest
{
    public string? Provider { get; init; }

    /// <summary><c>bridge</c> or <c>provider</c>.</summary>
    public string? Via { get; init; }

    /// <summary><c>none</c> or <c>api_key</c>; a subscription is assigned with <c>PUT …/subscription</c>.</summary>
    public string? Auth { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static UpdateAgentRequest Read(JsonFields fields)
    {
        var request = new UpdateAgentRequest { Provider = fields.Text("provider").Value, Via = fields.Text("via").Value, Auth = fields.Text("auth").Value, Errors = fields.Errors };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Body of <c>PUT /agents/{name}/subscription</c>.</summary>
internal sealed class AssignSubscriptionRequest
{
    /// <summary>A subscription's name or id.</summary>
    [Required]
    public string? Subscription { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static AssignSubscriptionRequest Read(JsonFields fields)
    {
        var request = new AssignSubscriptionRequest { Subscription = fields.Text("subscription").Value, Errors = fields.Errors };
        if (request.Subscription is null && fields.Errors.TrueForAll(error => error.Field != "subscription"))
        {
            fields.Errors.Add(new("subscription", "The name or the id of a subscription is required."));
        }

        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Optional body of <c>POST /agents/{name}/recreate</c>: what the new container is to be like; omitted members stay as they are.</summary>
internal sealed class RecreateAgentRequest
{
    public string? Image { get; init; }

    public ResourcesRequest? Resources { get; init; }

    public IReadOnlyList<string>? Command { get; init; }

    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static RecreateAgentRequest Read(JsonFields? fields)
    {
        if (fields is null)
        {
            return new RecreateAgentRequest();
        }

        var request = new RecreateAgentRequest
        {
            Image = fields.Text("image").Value,
            Resources = fields.Object("resources").Value is { } resources ? ResourcesRequest.Read(resources) : null,
            Command = fields.Texts("command").Value,
            Environment = AgentFields.Environment(fields),
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>What an agent's container may use at most; omitted: 2 processors, 4096 MiB, 512 processes.</summary>
internal sealed class ResourcesRequest
{
    /// <summary>Thousandths of a processor.</summary>
    public long? CpuMillis { get; init; }

    public long? MemoryMib { get; init; }

    public long? Pids { get; init; }

    public static ResourcesRequest Read(JsonFields fields)
    {
        var request = new ResourcesRequest { CpuMillis = fields.Number("cpu_millis").Value, MemoryMib = fields.Number("memory_mib").Value, Pids = fields.Number("pids").Value };
        Check("cpu_millis", request.CpuMillis, 100, 256_000);
        Check("memory_mib", request.MemoryMib, 128, 1024 * 1024);
        Check("pids", request.Pids, 32, 32_768);
        fields.RejectUnknown();
        return request;

        void Check(string name, long? value, long min, long max)
        {
            if (value < min || value > max)
            {
                fields.Errors.Add(new(fields.PathOf(name), $"This must be a whole number from {min} to {max}."));
            }
        }
    }

    public AgentRow ApplyTo(AgentRow row) => row with
    {
        Cpus = CpuMillis / 1000.0 ?? row.Cpus,
        MemoryBytes = MemoryMib * 1024 * 1024 ?? row.MemoryBytes,
        Pids = (int?)Pids ?? row.Pids,
    };
}

/// <summary>Members that more than one request has.</summary>
internal static class AgentFields
{
    public static IReadOnlyDictionary<string, string>? Environment(JsonFields fields)
    {
        if (fields.Object("environment").Value is not { } entries)
        {
            return null;
        }

        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in entries.Entries())
        {
            if (value.Value is not { } text)
            {
                entries.Errors.Add(new(entries.PathOf(name), "This must be a string."));
            }
            else if (!AgentRules.IsVariable(name) || text.Contains('\0', StringComparison.Ordinal))
            {
                entries.Errors.Add(new(entries.PathOf(name), "A variable's name is letters, digits and _, and neither a credential's nor the agent server's own; its value has no null character."));
            }
            else
            {
                variables[name] = text;
            }
        }

        return variables;
    }
}
