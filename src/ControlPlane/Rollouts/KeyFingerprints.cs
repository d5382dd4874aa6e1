using System.Security.Cryptography;
using System.Text;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Hashes of retired keys, stored encrypted, to find out whether one of them is used elsewhere or again; the keys themselves are not kept.</summary>
internal sealed class KeyFingerprints(SecretProtector protector)
{
    // What is compared: agents and subscriptions are known by the beginning of the hash alone.
    private const int ComparedLength = 16;

    public static SecretScope Scope(Guid rolloutId) => new("rollouts", rolloutId, "fingerprints_cipher");

    /// <summary>One line per key, in their order; empty where the key could not be decrypted.</summary>
    public ProtectedSecret Protect(Guid rolloutId, IEnumerable<SecretString?> secrets) =>
        Protect(rolloutId, secrets.Select(secret => secret is null ? null : HashOf(secret)));

    /// <summary>The same for credentials whose fingerprints are known already.</summary>
    public ProtectedSecret Protect(Guid rolloutId, IEnumerable<string?> hashes)
    {
        protector.TryRefresh(); // after a `keys rotate` elsewhere, new rows use the new key; but what is revoked must not have to wait for the file
        return protector.Protect(string.Join('\n', hashes), Scope(rolloutId));
    }

    /// <summary>What the rollout retires, in the order of its keys, each with its fingerprint if that is known and can be decrypted.</summary>
    public IReadOnlyList<RetiredSecret> Read(RolloutRow row)
    {
        if (row.Action == RolloutActions.Assign)
        {
            return []; // an agent's virtual key is made once, and never configured anywhere else
        }

        var hashes = Decrypt(row);
        return [.. row.RetiredKeyIds.Zip(row.RetiredKeyHints).Select((key, index) =>
            new RetiredSecret(key.First, key.Second, hashes.ElementAtOrDefault(index) is { Length: >= ComparedLength } hash ? hash[..ComparedLength] : null))];
    }

    private static string HashOf(SecretString secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal())));

    private string[] Decrypt(RolloutRow row)
    {
        if (row.FingerprintsCipher is null)
        {
            return []; // earlier releases kept none of subscriptions
        }

        try
        {
            return protector.Unprotect(new ProtectedSecret(row.FingerprintsCipher, row.FingerprintsKeyId!), Scope(row.Id)).Split('\n');
        }
        catch (Exception exception) when (exception is CryptographicException or EncryptionKeysUnreadableException or ArgumentException)
        {
            return [];
        }
    }
}
