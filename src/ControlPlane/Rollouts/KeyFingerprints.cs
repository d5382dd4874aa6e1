using System.Security.Cryptography;
using System.Text;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Hashes of retired keys, stored encrypted, to find out whether one of them is configured again somewhere; the keys themselves are not kept.</summary>
internal sealed class KeyFingerprints(SecretProtector protector)
{
    public static SecretScope Scope(Guid rolloutId) => new("rollouts", rolloutId, "fingerprints_cipher");

    public static string Of(SecretString secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal())));

    /// <summary>One line per key; empty where the key could not be decrypted.</summary>
    public ProtectedSecret Protect(Guid rolloutId, IEnumerable<SecretString?> secrets) =>
        protector.Protect(string.Join('\n', secrets.Select(secret => secret is null ? "" : Of(secret))), Scope(rolloutId));

    /// <summary>The fingerprints that are known, or none when they cannot be decrypted.</summary>
    public IReadOnlyCollection<string> Read(RolloutRow row)
    {
        if (row.FingerprintsCipher is null)
        {
            return [];
        }

        try
        {
            var text = protector.Unprotect(new ProtectedSecret(row.FingerprintsCipher, row.FingerprintsKeyId!), Scope(row.Id));
            return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (CryptographicException)
        {
            return [];
        }
    }
}
