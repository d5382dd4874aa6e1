using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Agents;

/// <summary>A row of <c>agents</c>: what an operator wants of an agent. How its container does, the engine knows.</summary>
internal sealed record AgentRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Runtime { get; init; }

    public required string Image { get; init; }

    /// <summary>One of <see cref="AgentAuth"/>.</summary>
    public required string Auth { get; init; }

    public Guid? SubscriptionId { get; init; }

    /// <summary>The provider that the agent works with, by name; null only with <see cref="AgentAuth.None"/>.</summary>
    public string? Provider { get; init; }

    /// <summary>One of <see cref="AgentVia"/>.</summary>
    public string Via { get; init; } = AgentVia.Bridge;

    public double Cpus { get; init; }

    public long MemoryBytes { get; init; }

    public int Pids { get; init; }

    /// <summary>Program and arguments of the runtime <c>command</c>; else empty.</summary>
    public string[] Command { get; init; } = [];

    /// <summary>JSON object of variables for the agent's tasks.</summary>
    public string Environment { get; init; } = "{}";

    /// <summary>One of <see cref="AgentIntent"/>.</summary>
    public required string DesiredState { get; init; }

    public byte[] TokenCipher { get; init; } = [];

    public string TokenKeyId { get; init; } = "";

    public Guid? VirtualKeyId { get; init; }

    public byte[]? VirtualKeyCipher { get; init; }

    public string? VirtualKeyKeyId { get; init; }

    /// <summary>Where the agent reaches the bridge, as of <see cref="Generation"/>.</summary>
    public string BridgeUrl { get; init; } = "";

    /// <summary>The container is to be made anew once its tasks have ended.</summary>
    public bool Recreate { get; init; }

    /// <summary>It lost its credential, and a subscription is to be looked for, once.</summary>
    public bool Adopt { get; init; }

    /// <summary>Counts what the agent was given to work with; the agent refuses an older one.</summary>
    public long Generation { get; init; } = 1;

    public long Version { get; init; } = 1;

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }

    public ProtectedSecret ProtectedToken => new(TokenCipher, TokenKeyId);

    public ProtectedSecret? ProtectedVirtualKey => VirtualKeyCipher is { } cipher ? new(cipher, VirtualKeyKeyId!) : null;
}

/// <summary>What an agent authenticates with at its provider.</summary>
internal static class AgentAuth
{
    /// <summary>Nothing: its tasks get no credential.</summary>
    public const string None = "none";

    /// <summary>The provider's own keys.</summary>
    public const string ApiKey = "api_key";

    /// <summary>A subscription's token.</summary>
    public const string Subscription = "subscription";
}

/// <summary>How an agent's requests reach its provider.</summary>
internal static class AgentVia
{
    /// <summary>Through the bridge, with a virtual key of the agent's own.</summary>
    public const string Bridge = "bridge";

    /// <summary>Directly: the credential itself is in the agent's hands.</summary>
    public const string Provider = "provider";
}

/// <summary>What an operator wants of an agent's container.</summary>
internal static class AgentIntent
{
    public const string Running = "running";
    public const string Stopped = "stopped";

    /// <summary>A deletion that is not finished yet.</summary>
    public const string Deleted = "deleted";
}

/// <summary>Reasons of generations that something is decided by later.</summary>
internal static class GenerationReasons
{
    public const string SubscriptionDeleted = "subscription deleted";
}

/// <summary>A row of <c>agent_generations</c>: what one generation of an agent stood for.</summary>
internal sealed record AgentGenerationRow
{
    public required Guid AgentId { get; init; }

    public required long Generation { get; init; }

    public required string Auth { get; init; }

    public Guid? SubscriptionId { get; init; }

    /// <summary>The subscription's name then.</summary>
    public string? Subscription { get; init; }

    public long? TokenGeneration { get; init; }

    public string? Fingerprint { get; init; }

    public Guid? VirtualKeyId { get; init; }

    public required string Reason { get; init; }
}
