using System.Data;
using System.Globalization;
using System.Reflection;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Trinity.Shared.Database;

/// <summary>Brings the schema up to date: the embedded scripts that the database has not seen, in order, each in its own transaction.</summary>
/// <remarks>A session advisory lock lets one migrator work while others wait and then find nothing to do.</remarks>
public sealed partial class SchemaMigrator(NpgsqlDataSource database, ILogger<SchemaMigrator> logger)
{
    private const long AdvisoryLock = 0x7472696e697479; // "trinity"

    /// <summary>Applies what is missing and returns how many scripts that were.</summary>
    /// <exception cref="InvalidOperationException">The database was migrated by a newer release.</exception>
    public async Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_lock(@AdvisoryLock)", new { AdvisoryLock }, commandTimeout: 0, cancellationToken: cancellationToken));
        try
        {
            return await ApplyMissingAsync(connection, cancellationToken);
        }
        finally
        {
            // A broken connection has lost the lock already, and its error is the one to report.
            if (connection.State is ConnectionState.Open)
            {
                await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_unlock(@AdvisoryLock)", new { AdvisoryLock }, cancellationToken: CancellationToken.None));
            }
        }
    }

    /// <summary>Whether the database has exactly the scripts that this release knows.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("select to_regclass('schema_migrations') is not null", cancellationToken: cancellationToken))
            && await connection.ExecuteScalarAsync<int>(new CommandDefinition("select coalesce(max(version), 0) from schema_migrations", cancellationToken: cancellationToken)) == Scripts()[^1].Version;
    }

    private async Task<int> ApplyMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string createTable = "create table if not exists schema_migrations (version integer primary key, name text not null, applied_at timestamptz not null default now())";
        await connection.ExecuteAsync(new CommandDefinition(createTable, cancellationToken: cancellationToken));
        var applied = await connection.ExecuteScalarAsync<int>(new CommandDefinition("select coalesce(max(version), 0) from schema_migrations", cancellationToken: cancellationToken));
        var scripts = Scripts();
        if (applied > scripts[^1].Version)
        {
            throw new InvalidOperationException($"The database has schema version {applied}, this release knows {scripts[^1].Version}; start a release at least as new as the one that migrated it.");
        }

        var missing = scripts.Where(script => script.Version > applied).ToList();
        foreach (var script in missing)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(script.Sql, transaction: transaction, commandTimeout: 0, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(new CommandDefinition("insert into schema_migrations (version, name) values (@Version, @Name)", script, transaction, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
            Log.Applied(logger, script.Version, script.Name);
        }

        return missing.Count;
    }

    private static List<Script> Scripts()
    {
        const string folder = ".Database.Migrations.";
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new List<Script>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)))
        {
            var file = resource[(resource.IndexOf(folder, StringComparison.Ordinal) + folder.Length)..];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            scripts.Add(new Script(int.Parse(file.AsSpan(0, 4), CultureInfo.InvariantCulture), file, reader.ReadToEnd()));
        }

        return [.. scripts.OrderBy(script => script.Version)];
    }

    private sealed record Script(int Version, string Name, string Sql);

    private static partial class Log
    {
        [LoggerMessage(SharedEventIds.MigrationApplied, LogLevel.Information, "Schema migration {Version} ({Name}) is applied.")]
        public static partial void Applied(ILogger logger, int version, string name);
    }
}
