namespace Trinity.ControlPlane.Rollouts;

/// <summary>A credential that a rollout takes out of use, as far as it can be told from others.</summary>
/// <param name="KeyId">What held it.</param>
/// <param name="Hint">It, masked.</param>
/// <param name="Fingerprint">Names it as <see cref="Shared.AgentApi.CredentialFingerprint"/> does; null: not known, so it may be any.</param>
internal sealed record RetiredSecret(Guid KeyId, string Hint, string? Fingerprint)
{
    public bool MayBe(RetiredSecret other) => Fingerprint is null || other.Fingerprint is null || Fingerprint == other.Fingerprint;
}
