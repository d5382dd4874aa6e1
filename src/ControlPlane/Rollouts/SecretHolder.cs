namespace Trinity.ControlPlane.Rollouts;

/// <summary>An agent that was ever given a credential, in its own hands.</summary>
/// <param name="Fingerprint">The credential's.</param>
/// <param name="ReplacedAt">When it was given another; null: it is still to work with this one.</param>
/// <param name="Agent">What was last seen of it; its generation is the first after its last one with the credential.</param>
internal sealed record SecretHolder(string Fingerprint, DateTime? ReplacedAt, RolloutAgentRow Agent)
{
    /// <summary>A container that stood still before the credential was replaced may have been started with it since.</summary>
    public RolloutAgentView View => RolloutAgents.ViewOf(Agent, ReplacedAt ?? DateTime.MaxValue);
}
