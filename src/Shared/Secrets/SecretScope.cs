using System.Text;

namespace Trinity.Shared.Secrets;

/// <summary>The place a ciphertext belongs to; bound into it as additional authenticated data, so that it cannot be moved to another row.</summary>
public readonly record struct SecretScope(string Table, Guid RowId, string Column)
{
    internal byte[] ToAssociatedData() => Encoding.UTF8.GetBytes($"{Table}|{RowId:D}|{Column}");

    public static SecretScope ProviderKey(Guid id) => new("ai_provider_keys", id, "secret_cipher");

    public static SecretScope ProviderSettings(Guid id) => new("ai_providers", id, "settings_cipher");
}
