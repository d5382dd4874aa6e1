using Npgsql;

namespace Trinity.TestSupport.Postgres;

/// <summary>A fresh database on the shared server, dropped on dispose.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly Lazy<NpgsqlDataSource> _dataSource;

    private PostgresDatabase(PostgresServer server, string name)
    {
        Server = server;
        Name = name;
        ConnectionString = server.ConnectionStringFor(name);
        _dataSource = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(ConnectionString));
    }

    public PostgresServer Server { get; }

    public string Name { get; }

    public string ConnectionString { get; }

    /// <summary>A data source of the test's own; the code under test should make its own from <see cref="ConnectionString"/>.</summary>
    public NpgsqlDataSource DataSource => _dataSource.Value;

    /// <summary>Creates a database; with <paramref name="prepareTemplate"/> as a copy of one that it prepared once (migrations).</summary>
    /// <param name="prepareTemplate">Gets the connection string of the template; equal delegates (the same method) share a template.</param>
    public static async Task<PostgresDatabase> CreateAsync(
        Func<string, CancellationToken, Task>? prepareTemplate = null,
        CancellationToken cancellationToken = default) =>
        await CreateOnAsync(await PostgresServer.SharedAsync(), prepareTemplate, cancellationToken);

    /// <summary>The same on a server of the test's own.</summary>
    public static async Task<PostgresDatabase> CreateOnAsync(
        PostgresServer server,
        Func<string, CancellationToken, Task>? prepareTemplate = null,
        CancellationToken cancellationToken = default)
    {
        var template = prepareTemplate is null ? null : await server.Templates.GetAsync(prepareTemplate);
        var name = PostgresTemplates.NewName("test");
        await server.ExecuteAsync(template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template}", cancellationToken);
        return new PostgresDatabase(server, name);
    }

    /// <summary>Runs SQL that returns nothing.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first column of the first row; default when there is none or it is null.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    public async ValueTask DisposeAsync()
    {
        if (_dataSource.IsValueCreated)
        {
            await _dataSource.Value.DisposeAsync();
        }

        await using (var pooled = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(pooled); // connections opened without a data source
        }

        if (!Server.IsRunning)
        {
            return; // the test stopped its own server; the folder goes with it
        }

        await Server.ExecuteAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)", Timeouts.After(Timeouts.Default));
    }
}
