using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.EncryptionKeys;

/// <summary>A place in the database that holds ciphertexts.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Cipher">The ciphertext's column.</param>
/// <param name="KeyId">The column that names the encryption key.</param>
/// <param name="What">What it holds, for messages.</param>
/// <param name="Scope">What binds a ciphertext to its row.</param>
internal sealed record EncryptedColumn(string Table, string Cipher, string KeyId, string What, Func<Guid, SecretScope> Scope)
{
    /// <summary>All of them; one that is missing here would become unreadable once old encryption keys are thrown away.</summary>
    public static readonly IReadOnlyList<EncryptedColumn> All =
    [
        new("ai_provider_keys", "secret_cipher", "cipher_key_id", "provider keys", SecretScope.ProviderKey),
        new("ai_providers", "settings_cipher", "settings_key_id", "provider settings", SecretScope.ProviderSettings),
        new("rollouts", "fingerprints_cipher", "fingerprints_key_id", "rollouts", KeyFingerprints.Scope),
        new("subscriptions", "token_cipher", "cipher_key_id", "subscriptions", SubscriptionService.Scope),
        new("agents", "token_cipher", "token_key_id", "agents' tokens", AgentSecrets.TokenScope),
        new("agents", "virtual_key_cipher", "virtual_key_key_id", "agents' virtual keys", AgentSecrets.VirtualKeyScope),
    ];
}
