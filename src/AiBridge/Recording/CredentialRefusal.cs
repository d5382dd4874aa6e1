using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Recording;

/// <summary>A provider refused a request for the sake of the credential that the caller had brought. The credential itself is not in here.</summary>
internal sealed record CredentialRefusal
{
    /// <summary>The interception's.</summary>
    public required Guid Id { get; init; }

    public required Guid VirtualKeyId { get; init; }

    /// <summary>Of the credential that this very request carried.</summary>
    public required string Fingerprint { get; init; }

    public required string Provider { get; init; }

    public required int Status { get; init; }

    public PlanLimits? Limits { get; init; }

    /// <summary>What <c>Retry-After</c> came to.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public required DateTimeOffset RefusedAt { get; init; }
}
