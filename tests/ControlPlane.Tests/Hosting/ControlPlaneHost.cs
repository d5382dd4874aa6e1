using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.Shared.Database;

namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>A real control plane on a free port with a database of its own. On dispose, logs, metrics and audit trail are searched for planted secrets.</summary>
internal sealed class ControlPlaneHost : IAsyncDisposable
{
    private readonly TemporaryDirectory _data;
    private readonly HttpClient _http;
    private readonly WebApplication _app;
    private readonly bool _ownsDatabase;

    private ControlPlaneHost(WebApplication app, PostgresDatabase database, bool ownsDatabase, CapturedLogs logs, TemporaryDirectory data)
    {
        (_app, Database, _ownsDatabase, Logs, _data) = (app, database, ownsDatabase, logs, data);
        BaseUrl = app.Urls.Single();
        _http = LoopbackHttp.CreateClient(BaseUrl);
        Anonymous = new ApiClient(_http, token: null);
        Admin = File.Exists(TokenFile) ? As(File.ReadAllText(TokenFile).Trim()) : Anonymous;
    }

    public PostgresDatabase Database { get; }

    public CapturedLogs Logs { get; }

    public string BaseUrl { get; }

    public string DataDirectory => _data.FullName;

    public string TokenFile => _data.File("operator-token");

    public IServiceProvider Services => _app.Services;

    /// <summary>The first operator.</summary>
    public ApiClient Admin { get; }

    public ApiClient Anonymous { get; }

    public ApiClient As(string token) => new(_http, token);

    /// <summary>Creates a migrated database, quickly.</summary>
    public static Task<PostgresDatabase> CreateDatabaseAsync() => PostgresDatabase.CreateAsync(MigrateAsync);

    /// <param name="settings">More settings, as on the command line.</param>
    /// <param name="database">A database that the test owns; else one is made.</param>
    /// <param name="time">The clock; else the real one.</param>
    /// <param name="configure">A last word on the services.</param>
    public static async Task<ControlPlaneHost> StartAsync(string[]? settings = null, PostgresDatabase? database = null, TimeProvider? time = null, Action<IServiceCollection>? configure = null)
    {
        var shared = database ?? await CreateDatabaseAsync();
        var data = new TemporaryDirectory();
        var logs = new CapturedLogs();
        string[] args = ["--Database", shared.ConnectionString, "--Data", data.FullName, "--ControlPlane:Listen", "http://127.0.0.1:0", .. settings ?? []];
        var app = ControlPlaneApp.Create(args, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(logs);
            if (time is not null)
            {
                builder.Services.AddSingleton(time);
            }

            configure?.Invoke(builder.Services);
        });
        try
        {
            await ControlPlaneApp.PrepareAsync(app, Timeouts.Token);
            await app.StartAsync(Timeouts.Token);
            return new ControlPlaneHost(app, shared, database is null, logs, data);
        }
        catch
        {
            await app.DisposeAsync();
            data.Dispose();
            throw;
        }
    }

    /// <summary>Writes what a bridge replica would; a live one stays live for the whole test.</summary>
    public async Task<Guid> AddReplicaAsync(long generation, bool live = true, string draining = "[]", string errors = "[]")
    {
        var id = Guid.CreateVersion7();
        await using var command = Database.DataSource.CreateCommand("""
            insert into bridge_replicas (id, address, version, generation, applied_at, heartbeat_at, started_at, draining, errors)
            values ($1, 'http://bridge:8787', '0', $2, now(), now() + make_interval(hours => $3), now(), $4::jsonb, $5::jsonb)
            """);
        object[] values = [id, generation, live ? 1 : -1, draining, errors];
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(Timeouts.Token);
        return id;
    }

    public Task SetReplicaAsync(Guid id, string assignments) => Database.ExecuteAsync($"update bridge_replicas set {assignments} where id = '{id}'");

    public Task<long> RevisionAsync() => Database.ScalarAsync<long>("select revision from config_revision")!;

    /// <summary>The audit trail as text, oldest first: action, target and details.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync()
    {
        var rows = new List<string>();
        await using var command = Database.DataSource.CreateCommand("select action || ' ' || target || ' ' || details::text from audit_events order by at, id");
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        while (await reader.ReadAsync(Timeouts.Token))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Canaries.AssertAbsentFrom(Logs.Text, "The log");
            if (!_ownsDatabase || Database.Server.IsRunning)
            {
                Canaries.AssertAbsentFrom(await Database.ScalarAsync<string>("select coalesce(string_agg(audit_events::text, E'\\n'), '') from audit_events") ?? "", "The audit trail");
                Canaries.AssertAbsentFrom((await Anonymous.GetAsync("/metrics")).Text, "The metrics");
            }
        }
        finally
        {
            await _app.DisposeAsync();
            _http.Dispose();
            _data.Dispose();
            if (_ownsDatabase)
            {
                await Database.DisposeAsync();
            }
        }
    }

    internal static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(cancellationToken);
    }
}
