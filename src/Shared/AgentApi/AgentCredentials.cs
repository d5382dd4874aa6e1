using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Trinity.Shared.AgentApi;

/// <summary>The body of <c>POST /api/credentials/reload-token</c>: all of an agent's credential, as it is to be from now on.</summary>
public sealed record ReloadTokenRequest
{
    /// <summary>Makes the request repeatable: the same id gets the same reply.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Grows with every change of this agent's credential; one that is older than the agent's is refused with 409.</summary>
    public long Generation { get; init; }

    /// <summary>Whose token it is; null for an API key or for none.</summary>
    public Guid? SubscriptionId { get; init; }

    /// <summary>The subscription's token (<c>CLAUDE_CODE_OAUTH_TOKEN</c>); must not be empty unless there is an <see cref="ApiKey"/> or a <see cref="VirtualKey"/>, or it is a <see cref="Revoke"/>.</summary>
    public string? Token { get; init; }

    /// <summary>The vendor's API key, for an agent that works with one directly; not together with a token.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Takes the API key that the container was created with out of what new tasks get.</summary>
    public bool RemoveApiKey { get; init; }

    /// <summary>A tombstone: the credential is wiped from memory and disk, and new tasks are refused until there is another.</summary>
    public bool Revoke { get; init; }

    /// <summary>The bridge's address for this agent's provider, such as <c>http://bridge:8787/anthropic</c>; null: tasks go to the vendor itself.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>The agent's own virtual key for the bridge. With a token beside it, it travels in <c>X-Trinity-Key</c>, and the token is the caller's own credential.</summary>
    public string? VirtualKey { get; init; }

    public override string ToString() => $"credential of generation {Generation}"; // a record would print its secrets
}

/// <summary>The reply of a reload that was applied, or had been before.</summary>
public sealed record ReloadTokenReply
{
    /// <summary><c>success</c>.</summary>
    public string Status { get; init; } = "success";

    public bool Reloaded { get; init; } = true;

    public required long Generation { get; init; }

    public string? Fingerprint { get; init; }
}

/// <summary>The reply of <c>GET /api/credentials/status</c>.</summary>
public sealed record CredentialStatus
{
    /// <summary>0 before the first credential.</summary>
    public required long Generation { get; init; }

    public Guid? SubscriptionId { get; init; }

    public string? Fingerprint { get; init; }

    public bool Revoked { get; init; }

    /// <summary>The request that set it.</summary>
    public string? RequestId { get; init; }

    /// <summary>Tasks that run, or have processes left that do, by the generation they were started with, oldest first.</summary>
    public required IReadOnlyList<RunningTasks> RunningTasks { get; init; }
}

/// <summary>How many tasks still run on one generation.</summary>
public sealed record RunningTasks(long Generation, Guid? SubscriptionId, string? Fingerprint, int Count);

/// <summary>Names a credential without giving it away.</summary>
public static class CredentialFingerprint
{
    /// <returns>The first 16 hex digits of its SHA-256.</returns>
    public static string Of(string credential)
    {
        const int usual = 512;
        var size = Encoding.UTF8.GetMaxByteCount(credential.Length);
        var bytes = size <= usual ? stackalloc byte[usual] : new byte[size];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(credential, bytes)], hash);
        return Convert.ToHexStringLower(hash[..8]);
    }
}

/// <summary>The agent API's JSON: snake_case, source-generated for server and client.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TaskRequest))]
[JsonSerializable(typeof(TaskView))]
[JsonSerializable(typeof(IReadOnlyList<TaskView>))]
[JsonSerializable(typeof(ReloadTokenRequest))]
[JsonSerializable(typeof(ReloadTokenReply))]
[JsonSerializable(typeof(CredentialStatus))]
public sealed partial class AgentApiJson : JsonSerializerContext;
