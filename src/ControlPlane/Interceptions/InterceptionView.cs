namespace Trinity.ControlPlane.Interceptions;

/// <summary>One request that a bridge handled.</summary>
internal sealed record InterceptionView
{
    public required Guid Id { get; init; }

    public required string Provider { get; init; }

    public required string? ProviderType { get; init; }

    public required string? Route { get; init; }

    public required string? Model { get; init; }

    public required string Client { get; init; }

    public required string? SessionId { get; init; }

    /// <summary>The virtual key's name.</summary>
    public required string? Caller { get; init; }

    public required string? Agent { get; init; }

    public required bool Streaming { get; init; }

    /// <summary>The HTTP status that the client got.</summary>
    public required int Status { get; init; }

    /// <summary><c>completed</c>, <c>provider_error</c>, <c>bridge_error</c>, <c>client_abort</c> or <c>rejected</c>.</summary>
    public required string Outcome { get; init; }

    public required string? Error { get; init; }

    public required string? CredentialKind { get; init; }

    /// <summary>Which credential it used, masked.</summary>
    public required string? KeyHint { get; init; }

    /// <summary>The same by a name that is one credential's alone: the fingerprint of the caller's own, or <c>key:</c> and the id of the provider's key.</summary>
    public required string? Credential { get; init; }

    public required int Attempts { get; init; }

    /// <summary>The configuration's revision that it ran on.</summary>
    public required long Generation { get; init; }

    public required Guid ReplicaId { get; init; }

    public required DateTime StartedAt { get; init; }

    public required double? FirstByteMs { get; init; }

    public required double DurationMs { get; init; }

    /// <summary>Null: unknown, which is not zero.</summary>
    public required TokenUsageView? TokenUsage { get; init; }

    public required IReadOnlyList<ToolUsageView> ToolUsages { get; init; }
}

/// <summary>Tokens; input is net of cached ones.</summary>
internal sealed record TokenUsageView(long Input, long Output, long CacheRead, long CacheWrite, long Reasoning);

/// <summary>A tool that the model called.</summary>
/// <param name="Tool">Its name.</param>
/// <param name="ToolCallId">The provider's id of the call.</param>
/// <param name="Input">Its arguments, if they are recorded.</param>
/// <param name="Injected">Whether the bridge offered the tool, not the client.</param>
internal sealed record ToolUsageView(string Tool, string? ToolCallId, string? Input, bool Injected);
