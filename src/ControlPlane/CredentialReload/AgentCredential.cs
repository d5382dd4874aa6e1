using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>All that an agent is to work with, in the clear: made for one delivery, and never kept.</summary>
internal sealed record AgentCredential
{
    /// <summary>For an agent that is to work with nothing.</summary>
    public static AgentCredential None { get; } = new();

    public Guid? SubscriptionId { get; init; }

    public string? Token { get; init; }

    public string? ApiKey { get; init; }

    public string? VirtualKey { get; init; }

    public string? BaseUrl { get; init; }

    public bool IsNone => Token is null && ApiKey is null && VirtualKey is null;

    /// <summary>Of what the provider sees, as the agent server computes it; null for none.</summary>
    public string? Fingerprint => (Token ?? ApiKey ?? VirtualKey) is { } secret ? CredentialFingerprint.Of(secret) : null;

    /// <summary>The same request however often it is made: whoever repeats it, another control plane too, gets the first one's reply.</summary>
    public ReloadTokenRequest ToRequest(Guid agentId, long generation) => new()
    {
        RequestId = $"{agentId:N}-{generation}",
        Generation = generation,
        SubscriptionId = SubscriptionId,
        Token = Token,
        ApiKey = ApiKey,
        VirtualKey = VirtualKey,
        BaseUrl = BaseUrl,
        RemoveApiKey = true,
        Revoke = IsNone,
    };

    public override string ToString() => $"credential {Fingerprint ?? "none"}"; // a record would print its secrets
}
