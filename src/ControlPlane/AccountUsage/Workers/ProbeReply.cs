using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>What came of probing a home; the same whether a warm worker or a process of its own answered.</summary>
/// <param name="Usage">The channel's answer, or <see cref="UsageVerdict.Unavailable"/> where no worker gave one.</param>
/// <param name="Credential">The fingerprint of the credential that was asked with; null where that is not known.</param>
/// <param name="Cold">Whether a process was started for this probe alone.</param>
internal sealed record ProbeReply(UsageReply Usage, string? Credential, bool Cold);
