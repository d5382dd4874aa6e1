using System.Security.Cryptography;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Agents;

/// <summary>An agent's encrypted columns, in and out.</summary>
internal sealed class AgentSecrets(SecretProtector protector)
{
    private const int TokenBytes = 32;

    public static SecretScope TokenScope(Guid id) => new("agents", id, "token_cipher");

    public static SecretScope VirtualKeyScope(Guid id) => new("agents", id, "virtual_key_cipher");

    /// <summary>The row with a new token for its agent server.</summary>
    public AgentRow WithNewToken(AgentRow row)
    {
        var cipher = protector.Protect(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes)), TokenScope(row.Id));
        return row with { TokenCipher = cipher.Cipher, TokenKeyId = cipher.KeyId };
    }

    public AgentRow WithVirtualKey(AgentRow row, Guid id, string key)
    {
        var cipher = protector.Protect(key, VirtualKeyScope(row.Id));
        return row with { VirtualKeyId = id, VirtualKeyCipher = cipher.Cipher, VirtualKeyKeyId = cipher.KeyId };
    }

    /// <summary>Null when it cannot be decrypted.</summary>
    public SecretString? Token(AgentRow row) => Reveal(row.ProtectedToken, TokenScope(row.Id));

    /// <summary>Null when there is none, or it cannot be decrypted.</summary>
    public SecretString? VirtualKey(AgentRow row) => row.ProtectedVirtualKey is { } cipher ? Reveal(cipher, VirtualKeyScope(row.Id)) : null;

    /// <summary>A subscription's token; null when it cannot be decrypted.</summary>
    public SecretString? Token(Subscriptions.SubscriptionRow row) => Reveal(row.ProtectedToken, Subscriptions.SubscriptionService.Scope(row.Id));

    private SecretString? Reveal(ProtectedSecret cipher, SecretScope scope)
    {
        try
        {
            return new SecretString(protector.Unprotect(cipher, scope));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
