using Npgsql;
using Trinity.TestSupport.Network;

namespace Trinity.TestSupport.Postgres;

/// <summary>A private Postgres cluster in a temporary folder, on a free port of 127.0.0.1 and on a Unix socket.</summary>
/// <remarks>One shared server per test process (<see cref="SharedAsync"/>); tests that stop the server start their own.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string UserName = "trinity";
    private const int MaxStartAttempts = 5;

    private static readonly SemaphoreSlim SharedLock = new(1, 1); // guards _shared
    private static PostgresServer? _shared;

    private readonly string _folder;
    private readonly PostgresWatchdog _watchdog;

    private PostgresServer(string folder)
    {
        _folder = folder;
        _watchdog = new PostgresWatchdog(folder);
        Templates = new PostgresTemplates(this);
    }

    public int Port { get; private set; }

    /// <summary>The folder that holds the cluster, its log and its Unix socket.</summary>
    public string Folder => _folder;

    /// <summary>To the database postgres, over TCP.</summary>
    public string ConnectionString => ConnectionStringFor("postgres");

    internal PostgresTemplates Templates { get; }

    /// <summary>The server that all tests of this process share, started on first use.</summary>
    public static async Task<PostgresServer> SharedAsync()
    {
        await SharedLock.WaitAsync(Timeouts.Token);
        try
        {
            return _shared ??= await StartOwnAsync();
        }
        finally
        {
            SharedLock.Release();
        }
    }

    /// <summary>A server of the test's own, which it may stop, start and kill; it must be disposed.</summary>
    public static async Task<PostgresServer> StartOwnAsync(CancellationToken cancellationToken = default)
    {
        var server = new PostgresServer(PostgresFolder.Create());
        try
        {
            await server.InitializeAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public string ConnectionStringFor(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = database,
        Username = UserName,
        Timeout = 15,
        CommandTimeout = 60,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>False after <see cref="StopAsync"/>, until <see cref="StartAsync"/>.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Stops the server: in order and with its sessions ended, or as a crash would.</summary>
    public async Task StopAsync(bool crash = false, CancellationToken cancellationToken = default)
    {
        IsRunning = false;
        await RunAsync(["pg_ctl", "stop", "-D", Data, "-m", crash ? "immediate" : "fast", "-w", "-t", "60"], cancellationToken);
    }

    /// <summary>Starts the stopped server again, on the same port.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await RunAsync(["pg_ctl", "start", "-D", Data, "-l", Path.Combine(_folder, "log"), "-o", $"-p {Port} -k {_folder}", "-w", "-t", "60"], cancellationToken);
        IsRunning = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _watchdog.StopAsync();
        _watchdog.Dispose();
    }

    internal async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        var unpooled = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }; // a pool would keep sessions that a stop has broken
        await using var connection = new NpgsqlConnection(unpooled.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal static async Task StopSharedAsync()
    {
        await SharedLock.WaitAsync(Timeouts.After(Timeouts.Default));
        try
        {
            if (_shared is { } server)
            {
                _shared = null;
                await server.DisposeAsync();
            }
        }
        finally
        {
            SharedLock.Release();
        }
    }

    private string Data => Path.Combine(_folder, "data");

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await RunAsync(["initdb", "-D", Data, "-U", UserName, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"], cancellationToken);
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"), PostgresFolder.Settings, cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort.Next();
            try
            {
                await StartAsync(cancellationToken);
                return;
            }
            catch (InvalidOperationException) when (attempt < MaxStartAttempts)
            {
                // Someone else took the port in the meantime; the last attempt's error is thrown.
            }
        }
    }

    private async Task RunAsync(string[] words, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Timeouts.After(Timeouts.Default * 2));
        IEnumerable<string> all = [.. PostgresAccount.Prefix(PostgresAccount.Current), PostgresBinaries.PathOf(words[0]), .. words.Skip(1)];
        await PostgresCommand.RunAsync(_folder, all, limit.Token);
    }
}
