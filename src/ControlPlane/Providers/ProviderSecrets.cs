using System.Security.Cryptography;
using System.Text.Json;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Providers;

/// <summary>A provider's encrypted columns, in and out.</summary>
internal sealed class ProviderSecrets(SecretProtector protector)
{
    /// <summary>Call once before encrypting: after a <c>keys rotate</c> elsewhere, new rows use the new key.</summary>
    public void Refresh() => protector.Refresh();

    public ProviderKeyRow NewKey(Guid id, Guid providerId, int ordinal, string secret, string? name, DateTime now)
    {
        var cipher = protector.Protect(secret, SecretScope.ProviderKey(id));
        return new ProviderKeyRow
        {
            Id = id,
            ProviderId = providerId,
            Ordinal = ordinal,
            Name = name,
            SecretCipher = cipher.Cipher,
            CipherKeyId = cipher.KeyId,
            Hint = SecretHint.Of(secret),
            CreatedAt = now,
        };
    }

    /// <summary>The row with these settings; default settings are stored as none.</summary>
    public ProviderRow WithSettings(ProviderRow row, ProviderSettings settings)
    {
        var isDefault = settings.ExtraHeaders.Count == 0 && settings with { ExtraHeaders = ProviderSettings.Default.ExtraHeaders } == ProviderSettings.Default;
        var cipher = isDefault ? null : protector.Protect(settings.ToJson(), SecretScope.ProviderSettings(row.Id));
        return row with { SettingsCipher = cipher?.Cipher, SettingsKeyId = cipher?.KeyId };
    }

    /// <summary>The credential, or null when it cannot be decrypted.</summary>
    public SecretString? Reveal(ProviderKeyRow row)
    {
        try
        {
            return new SecretString(protector.Unprotect(row.ProtectedSecret, SecretScope.ProviderKey(row.Id)));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The settings, default where none are stored; false when they cannot be decrypted.</summary>
    public bool TryReadSettings(ProviderRow row, out ProviderSettings settings)
    {
        settings = ProviderSettings.Default;
        if (row.ProtectedSettings is not { } cipher)
        {
            return true;
        }

        try
        {
            settings = ProviderSettings.FromJson(protector.Unprotect(cipher, SecretScope.ProviderSettings(row.Id)));
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return false;
        }
    }
}
