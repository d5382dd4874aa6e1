namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>The credential that a home holds for one channel.</summary>
/// <param name="Credential">Null: the home holds none, or one that cannot be used.</param>
/// <param name="Fingerprint">Of the credential; empty where there is none.</param>
/// <param name="Plan">What the login itself says of the plan.</param>
/// <param name="Problem">Why there is none, in a sentence.</param>
internal sealed record HomeLogin(UsageCredential? Credential, string Fingerprint, string? Plan, string? Problem);
