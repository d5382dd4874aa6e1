using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.Shared.Database;

namespace Trinity.Shared.Tests.Database;

/// <summary>Databases that have our schema.</summary>
internal static class MigratedDatabase
{
    public static Task<PostgresDatabase> CreateAsync(CancellationToken cancellationToken) => PostgresDatabase.CreateAsync(PrepareAsync, cancellationToken);

    private static async Task PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await new SchemaMigrator(dataSource, NullLogger<SchemaMigrator>.Instance).MigrateAsync(cancellationToken);
    }
}
