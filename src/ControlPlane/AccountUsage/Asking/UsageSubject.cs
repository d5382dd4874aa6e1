using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Asking;

/// <summary>Something that a provider can be asked about: one account with the credential that it has now.</summary>
internal sealed record UsageSubject
{
    /// <summary><c>subscription:</c>, <c>key:</c> or <c>home:</c> with what names it.</summary>
    public required string Account { get; init; }

    /// <summary>One of <see cref="UsageChannels"/>.</summary>
    public required string Channel { get; init; }

    /// <summary>The credential's fingerprint, or <c>key:</c> and a provider key's id.</summary>
    public required string Credential { get; init; }

    /// <summary>Whether it is asked about from here; a home's processes have their own way of taking turns, in which one that hangs keeps nobody else waiting.</summary>
    public bool IsInProcess { get; init; } = true;

    /// <summary>Asks, with a deadline of its own; with the answer comes the credential that it was asked with.</summary>
    public required Func<CancellationToken, Task<(UsageReply Reply, string Credential)>> AskAsync { get; init; }

    public UsageKey Key => new(Channel, Account, Credential);
}
