using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace Trinity.TestSupport.Tests.Postgres;

public sealed class PostgresDatabaseTests
{
    private static int _preparations;

    [Fact]
    public async Task DatabasesFromATemplate_HaveItsTables_AndNothingOfEachOther()
    {
        await using var first = await PostgresDatabase.CreateAsync(PrepareCountedAsync, Timeouts.Token);
        await using var second = await PostgresDatabase.CreateAsync(PrepareCountedAsync, Timeouts.Token);
        await first.ExecuteAsync("INSERT INTO things VALUES (1)", Timeouts.Token);

        Assert.Equal(1L, await first.ScalarAsync<long>("SELECT count(*) FROM things", Timeouts.Token));
        Assert.Equal(0L, await second.ScalarAsync<long>("SELECT count(*) FROM things", Timeouts.Token));
        Assert.Equal(1, _preparations);
    }

    [Fact]
    public async Task ManyAtOnce_AllAreCreated()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgresDatabase.CreateAsync(PrepareAsync, Timeouts.Token)));

        Assert.Equal(8, databases.Select(database => database.Name).Distinct(StringComparer.Ordinal).Count());
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Dispose_DropsTheDatabase_EvenWithOpenConnections()
    {
        var database = await PostgresDatabase.CreateAsync(cancellationToken: Timeouts.Token);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Timeouts.Token);

        await database.DisposeAsync();

        await using var postgres = NpgsqlDataSource.Create(database.Server.ConnectionString);
        await using var command = postgres.CreateCommand($"SELECT count(*) FROM pg_database WHERE datname = '{database.Name}'");
        Assert.Equal(0L, await command.ExecuteScalarAsync(Timeouts.Token));
    }

    [Fact]
    public async Task OwnServer_StopsAndStartsOnTheSamePort_KeepingItsRows()
    {
        await using var server = await PostgresServer.StartOwnAsync(Timeouts.Token);
        await using var database = await PostgresDatabase.CreateOnAsync(server, PrepareAsync, Timeouts.Token);
        await database.ExecuteAsync("INSERT INTO things VALUES (7)", Timeouts.Token);

        await server.StopAsync(cancellationToken: Timeouts.Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => database.ScalarAsync<int>("SELECT id FROM things", Timeouts.Token));
        await server.StartAsync(Timeouts.Token);
        Assert.Equal(7, await database.ScalarAsync<int>("SELECT id FROM things", Timeouts.Token));
        await server.StopAsync(crash: true, Timeouts.Token);
        await server.StartAsync(Timeouts.Token);
        await Eventually.TrueAsync(async () => await TryReadAsync(database) == 7, "the crashed server has recovered");
    }

    [Fact]
    public async Task TestProcessIsKilled_ServerAndFolderVanish()
    {
        var report = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            ArgumentList = { typeof(PostgresDatabaseTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(OrphanedServer).FullName}.{nameof(OrphanedServer.StartAndWait)}" },
            Environment = { [OrphanedServer.ReportVariable] = report },
            RedirectStandardOutput = true,
        })!;
        await Eventually.TrueAsync(() => File.Exists(report), "the other test process has started its server");
        var lines = await File.ReadAllLinesAsync(report, Timeouts.Token);
        File.Delete(report);
        var (folder, port) = (lines[0], int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(await AcceptsAsync(port));

        process.Kill(); // SIGKILL: no handler of the process runs

        await Eventually.TrueAsync(async () => !Directory.Exists(folder) && !await AcceptsAsync(port), "the watchdog has cleaned up");
    }

    private static async Task PrepareCountedAsync(string connectionString, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _preparations);
        await PrepareAsync(connectionString, cancellationToken);
    }

    private static async Task PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("CREATE TABLE things (id int NOT NULL)", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, Timeouts.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<int> TryReadAsync(PostgresDatabase database)
    {
        try
        {
            return await database.ScalarAsync<int>("SELECT id FROM things", Timeouts.Token);
        }
        catch (NpgsqlException)
        {
            return -1; // a pooled connection that the crash broke, or recovery under way
        }
    }
}
