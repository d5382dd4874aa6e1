namespace Trinity.ControlPlane.Rollouts;

/// <summary>A credential that is configured now.</summary>
/// <param name="Where">Where, for an operator, such as <c>provider 'anthropic' (key …, sk-a...9f3c)</c>.</param>
/// <param name="Fingerprint">Its fingerprint; null when it cannot be decrypted.</param>
internal sealed record ConfiguredSecret(string Where, string? Fingerprint)
{
    /// <summary>How these stand in the way of revoking what is retired: one is the same, or it cannot be told whether it is.</summary>
    public static IEnumerable<string> WaitingFor(IReadOnlyList<RetiredSecret> retired, IReadOnlyList<ConfiguredSecret> configured)
    {
        if (retired.Count == 0)
        {
            yield break;
        }

        foreach (var secret in retired.Where(secret => secret.Fingerprint is null))
        {
            yield return $"The fingerprint of the retired key {secret.KeyId} ({secret.Hint}) is not known or cannot be decrypted, so it cannot be told whether the same key is in use elsewhere.";
        }

        foreach (var (where, fingerprint) in configured)
        {
            if (fingerprint is null)
            {
                yield return $"What is configured for {where} cannot be decrypted, so it cannot be told whether it is a retired key; replace it, or remove it.";
            }
            else if (retired.Any(secret => secret.Fingerprint == fingerprint))
            {
                yield return $"The same key is configured for {where}.";
            }
        }
    }
}
