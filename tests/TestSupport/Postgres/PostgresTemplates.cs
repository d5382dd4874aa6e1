using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace Trinity.TestSupport.Postgres;

/// <summary>The databases of one server that others are copied from, each prepared once.</summary>
internal sealed class PostgresTemplates(PostgresServer server)
{
    private static int _names;

    private readonly ConcurrentDictionary<Func<string, CancellationToken, Task>, Lazy<Task<string>>> _templates = [];

    public static string NewName(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}_{Interlocked.Increment(ref _names)}");

    public Task<string> GetAsync(Func<string, CancellationToken, Task> prepare) =>
        _templates.GetOrAdd(prepare, key => new Lazy<Task<string>>(() => CreateAsync(key))).Value;

    private async Task<string> CreateAsync(Func<string, CancellationToken, Task> prepare)
    {
        var limit = Timeouts.After(Timeouts.Default); // not the first caller's token: others wait for the same task
        var name = NewName("template");
        await server.ExecuteAsync($"CREATE DATABASE {name}", limit);
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionStringFor(name)) { Pooling = false }.ConnectionString;
        await prepare(connectionString, limit);
        await server.ExecuteAsync($"ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false", limit); // a connected template cannot be copied
        return name;
    }
}
