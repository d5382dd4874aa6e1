using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Recording;

/// <summary>How an exchange ended; the names are those of the API.</summary>
internal enum Outcome
{
    /// <summary>The provider answered in full.</summary>
    Completed,

    /// <summary>The provider answered with an error, broke off, or could not be reached.</summary>
    ProviderError,

    /// <summary>The fault is ours.</summary>
    BridgeError,

    /// <summary>The client left first.</summary>
    ClientAbort,

    /// <summary>We refused the request: authentication, permission, limits, malformed.</summary>
    Rejected,
}

/// <summary>The record of one exchange, complete and immutable.</summary>
internal sealed record Interception
{
    public required Guid Id { get; init; }
    public Guid? ProviderId { get; init; }
    public required string Provider { get; init; }
    public string? ProviderType { get; init; }
    public string? Route { get; init; }
    public string? Model { get; init; }
    public required string Client { get; init; }
    public string? SessionId { get; init; }
    public Guid? VirtualKeyId { get; init; }
    public string? Caller { get; init; }
    public string? Agent { get; init; }
    public required bool Streaming { get; init; }
    public required int Status { get; init; }
    public required Outcome Outcome { get; init; }

    /// <summary>A code of ours or the provider's error type; never a message, which could quote a credential.</summary>
    public string? Error { get; init; }

    /// <summary><c>centralized</c> (a key of the provider's configuration) or <c>byok</c> (the client's own).</summary>
    public string? CredentialKind { get; init; }
    public string? KeyHint { get; init; }

    /// <summary>The fingerprint of the caller's own credential, or <c>key:</c> and the id of the provider's key that was tried last; null: none was sent.</summary>
    public string? Credential { get; init; }
    public required int Attempts { get; init; }
    public required long Generation { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public double? FirstByteMilliseconds { get; init; }
    public required double DurationMilliseconds { get; init; }
    public TokenUsage? TokenUsage { get; init; }

    /// <summary>Empty, too, when it was read from a file that does not mention it: the deserializer sets what is missing to null.</summary>
    public IReadOnlyList<ToolUsage> ToolUsages { get; init => field = value ?? []; } = [];

    public Interception WithoutToolInput() => this with { ToolUsages = [.. ToolUsages.Select(tool => tool with { Input = null })] };
}
