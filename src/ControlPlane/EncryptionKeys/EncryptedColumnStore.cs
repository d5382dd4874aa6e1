using Dapper;
using Npgsql;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.EncryptionKeys;

/// <summary>SQL that reads and rewrites ciphertexts. Table and column names come from <see cref="EncryptedColumn.All"/> only.</summary>
internal sealed class EncryptedColumnStore
{
    /// <summary>The ciphertexts that another key than <paramref name="keyId"/> made.</summary>
    public async Task<IReadOnlyList<CipherRow>> ListOthersAsync(NpgsqlConnection connection, EncryptedColumn column, string keyId, CancellationToken cancellationToken)
    {
        var sql = $"""
            select id, {column.Cipher} as cipher, {column.KeyId} as key_id
            from {column.Table} where {column.Cipher} is not null and {column.KeyId} <> @keyId order by id for update
            """;
        return [.. await connection.QueryAsync<CipherRow>(new CommandDefinition(sql, new { keyId }, cancellationToken: cancellationToken))];
    }

    public Task UpdateAsync(NpgsqlConnection connection, EncryptedColumn column, Guid id, ProtectedSecret secret, CancellationToken cancellationToken)
    {
        var sql = $"update {column.Table} set {column.Cipher} = @Cipher, {column.KeyId} = @KeyId where id = @id";
        return connection.ExecuteAsync(new CommandDefinition(sql, new { id, secret.Cipher, secret.KeyId }, cancellationToken: cancellationToken));
    }
}

/// <summary>A ciphertext and its row.</summary>
internal sealed record CipherRow
{
    public required Guid Id { get; init; }

    public required byte[] Cipher { get; init; }

    public required string KeyId { get; init; }
}
