using Trinity.Shared.Limits;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>One way of asking a provider how much of an account is left. Stateless but for what it learned of a credential; safe for parallel use.</summary>
internal interface IUsageChannel
{
    /// <summary>One of <see cref="UsageChannels"/>.</summary>
    string Name { get; }

    /// <summary>Never throws for what the provider or the network does; never repeats anything of the provider's body, which can quote the credential.</summary>
    Task<UsageReply> AskAsync(UsageCredential credential, CancellationToken cancellationToken);
}

/// <summary>The channels' names.</summary>
internal static class UsageChannels
{
    /// <summary>Anthropic subscriptions: the usage endpoint, and for tokens that may not read it the headers of a request for one token of text.</summary>
    public const string Anthropic = "anthropic";

    /// <summary>ChatGPT plans that Codex works on.</summary>
    public const string Codex = "codex";

    /// <summary>OpenRouter keys.</summary>
    public const string OpenRouter = "openrouter";
}

/// <summary>What an account is asked about with.</summary>
/// <param name="Token">The bearer token.</param>
/// <param name="AccountId">Codex's account; null where there is none.</param>
/// <param name="BaseUrl">The provider's, where it is not the usual one.</param>
internal sealed record UsageCredential(SecretString Token, string? AccountId = null, string? BaseUrl = null);

/// <summary>What came of asking.</summary>
internal enum UsageVerdict
{
    /// <summary>The provider told of its limits.</summary>
    Known,

    /// <summary>The provider does not accept the credential.</summary>
    InvalidCredential,

    /// <summary>There is nothing to ask: an account of this kind has no such limits, or there is no credential.</summary>
    Unsupported,

    /// <summary>There is no credential to ask with.</summary>
    NoCredential,

    /// <summary>It could not be found out now; later it may.</summary>
    Unavailable,
}

/// <summary>The answer of a channel.</summary>
internal sealed record UsageReply(UsageVerdict Verdict)
{
    /// <summary>Set with <see cref="UsageVerdict.Known"/>.</summary>
    public PlanLimits? Limits { get; init; }

    /// <summary>Which endpoint or which headers said it.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Why there are no limits, in a sentence of ours; it holds nothing of the provider's words.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether asking cost a request of the account's.</summary>
    public bool Paid { get; init; }
}
