using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.EncryptionKeys;

/// <summary>Re-encrypts every stored secret with the newest encryption key, in one transaction, while the services run.</summary>
/// <remarks>
/// With a key file, a fresh key is put first; running services read the file again when a ciphertext names a key they do not know, or
/// before they encrypt. With <c>TRINITY_ENCRYPTION_KEYS</c> the operator puts the fresh key first, for every service, before this runs.
/// </remarks>
internal sealed partial class EncryptionKeyRotation(
    IEncryptionKeySource source, SecretProtector protector, EncryptedColumnStore store, WriteTransactions writes, AuditTrail trail, TimeProvider time, ILogger<EncryptionKeyRotation> logger)
{
    /// <summary>Returns what was re-encrypted, by kind. Nothing is changed when a single secret cannot be decrypted.</summary>
    /// <exception cref="StartupException">A secret's encryption key is missing.</exception>
    public async Task<RotationResult> RotateAsync(string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken); // also keeps two rotations from writing the key file at once
        if (source is FileEncryptionKeys file)
        {
            protector.Refresh(); // makes the file if there is none
            EncryptionKeyFile.AddKey(file.Path, time);
        }

        protector.Refresh();
        var keyId = protector.CurrentKeyId;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var column in EncryptedColumn.All)
        {
            counts[column.What] = await ReencryptAsync(write, column, keyId, cancellationToken);
        }

        var details = new JsonObject([.. counts.Select(count => KeyValuePair.Create<string, JsonNode?>(count.Key, count.Value))]);
        await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.EncryptionKeysRotate, "encryption_key", keyId) { Details = details }, cancellationToken);
        await write.CommitAsync(cancellationToken);
        Log.EncryptionKeysRotated(logger, counts.Values.Sum(), keyId);
        return new RotationResult(keyId, counts);
    }

    private async Task<int> ReencryptAsync(WriteTransaction write, EncryptedColumn column, string keyId, CancellationToken cancellationToken)
    {
        var rows = await store.ListOthersAsync(write.Connection, column, keyId, cancellationToken);
        foreach (var row in rows)
        {
            var scope = column.Scope(row.Id);
            await store.UpdateAsync(write.Connection, column, row.Id, protector.Protect(Unprotect(row, column, scope), scope), cancellationToken);
        }

        return rows.Count;
    }

    private string Unprotect(CipherRow row, EncryptedColumn column, SecretScope scope)
    {
        try
        {
            return protector.Unprotect(new ProtectedSecret(row.Cipher, row.KeyId), scope);
        }
        catch (CryptographicException exception)
        {
            throw new StartupException($"Row {row.Id} of {column.Table} cannot be decrypted, so nothing was changed: {exception.Message} Restore its encryption key, or remove the secret.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.EncryptionKeysRotated, LogLevel.Information, "{Count} secrets are re-encrypted with key {KeyId}.")]
        public static partial void EncryptionKeysRotated(ILogger logger, int count, string keyId);
    }
}

/// <summary>What a rotation did.</summary>
/// <param name="KeyId">The key that all secrets now use.</param>
/// <param name="Counts">How many secrets it re-encrypted, by kind.</param>
internal sealed record RotationResult(string KeyId, IReadOnlyDictionary<string, int> Counts);
