using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.Shared.Database;

namespace Trinity.Fault.Tests.Support;

/// <summary>A control plane and replicas as processes, on one database, with one provider "anthropic" whose upstream is a fake.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const string Path = "/anthropic/v1/messages";
    public const string FirstKey = "sk-rotation-00000-0123456789";

    private readonly string _data = Directory.CreateTempSubdirectory("trinity-fault-").FullName;
    private readonly string _encryptionKeys = $"test:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";
    private readonly List<Replica> _replicas = [];
    private Replica? _controlPlane;
    private int _rotation;

    private Fleet(PostgresDatabase database, FakeProvider upstream)
    {
        Database = database;
        Upstream = upstream;
    }

    public PostgresDatabase Database { get; }

    public FakeProvider Upstream { get; }

    public IReadOnlyList<Replica> Replicas => _replicas;

    public ControlPlaneClient ControlPlane { get; private set; } = null!;

    /// <summary>A virtual key.</summary>
    public string Token { get; private set; } = "";

    /// <param name="replicas">How many replicas.</param>
    /// <param name="server">A Postgres of the test's own; default: the shared one.</param>
    /// <param name="upstreamPort">A port of 127.0.0.1 that stands in front of the upstream.</param>
    /// <param name="records">Whether the upstream remembers its requests; off for load.</param>
    /// <param name="upstream">How the upstream is started, instead.</param>
    /// <param name="settings">More of the replicas' settings, and of the runtime's (<c>DOTNET_…</c>, <c>SSL_CERT_FILE</c>).</param>
    public static async Task<Fleet> StartAsync(
        int replicas, PostgresServer? server = null, Func<int, int>? upstreamPort = null, bool records = true, FakeProviderOptions? upstream = null, params (string Name, string Value)[] settings)
    {
        var database = server is null ? await PostgresDatabase.CreateAsync(MigrateAsync) : await PostgresDatabase.CreateOnAsync(server, MigrateAsync);
        var fleet = new Fleet(database, await FakeProvider.StartAsync(upstream ?? new FakeProviderOptions { RecordsRequests = records }));
        try
        {
            await fleet.StartServicesAsync(replicas, upstreamPort?.Invoke(fleet.Upstream.Port) ?? fleet.Upstream.Port, settings);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more replica, which reaches Postgres through a port of 127.0.0.1.</summary>
    public async Task<Replica> AddReplicaAsync(int databasePort)
    {
        var replica = Create("AiBridge", [], new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Port = databasePort }.ConnectionString);
        _replicas.Add(replica);
        await replica.StartAsync();
        return replica;
    }

    public HttpRequestMessage Request(string? baseUrl = null, string? token = null) => new(HttpMethod.Post, (baseUrl ?? _replicas[0].Url) + Path)
    {
        Content = new StringContent("""{"model":"claude-sonnet-4-5","messages":[]}""", Encoding.UTF8, "application/json"),
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token) },
    };

    /// <summary>Replaces the provider's key by the next one; returns the rollout.</summary>
    public Task<JsonElement> RotateAsync(bool wait = true) =>
        ControlPlane.PostAsync($"/api/v1/providers/anthropic/rotate{(wait ? "?wait=applied" : "")}", new { api_key = KeyOf(Interlocked.Increment(ref _rotation)) });

    public static string KeyOf(int rotation) => $"sk-rotation-{rotation:00000}-0123456789";

    /// <summary>The longest time, over all replicas, from the newest change until it was applied, once all have reported it; the database's clock alone.</summary>
    public async Task<double> CommitToAppliedMsAsync()
    {
        const string reported = "select count(*) from bridge_replicas, config_revision where generation = revision";
        await Eventually.TrueAsync(async () => await Database.ScalarAsync<long>(reported) == _replicas.Count, "every replica reports the newest revision");
        return await Database.ScalarAsync<double>("select max(extract(epoch from applied_at - changed_at) * 1000)::double precision from bridge_replicas, config_revision");
    }

    /// <summary>Waits until exactly so many requests are recorded that fulfil an SQL condition.</summary>
    public Task WhenRecordedAsync(long count, string condition) => Eventually.TrueAsync(
        async () => await Database.ScalarAsync<long>($"select count(*) from interceptions where {condition}") == count, $"{count} requests are recorded with {condition}");

    /// <summary>Waits until no replica has a request, a lease or a retired bridge left, by its own metrics.</summary>
    public async Task WhenIdleAsync()
    {
        using var client = LoopbackHttp.CreateClient();
        foreach (var replica in _replicas)
        {
            var busy = "";
            await Eventually.TrueAsync(async () => (busy = (await Gauges.ReadAsync(client, replica.Url)).Busy()) == "", $"{replica.Url} has nothing left to do: {busy}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        ControlPlane?.Dispose();
        foreach (var service in _replicas.Append(_controlPlane).OfType<Replica>())
        {
            await service.DisposeAsync();
        }

        await Upstream.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private async Task StartServicesAsync(int replicas, int upstreamPort, (string Name, string Value)[] settings)
    {
        _controlPlane = Create("ControlPlane", []);
        await _controlPlane.StartAsync();
        var token = await File.ReadAllTextAsync(System.IO.Path.Combine(DataOf(_controlPlane), "operator-token"), Timeouts.Token);
        ControlPlane = new ControlPlaneClient(_controlPlane.Url, token.Trim());
        for (var i = 0; i < replicas; i++)
        {
            _replicas.Add(Create("AiBridge", settings));
        }

        await Task.WhenAll(_replicas.Select(replica => replica.StartAsync()));
        await ControlPlane.AddProviderAsync("anthropic", "anthropic", $"{new Uri(Upstream.BaseUrl).Scheme}://127.0.0.1:{upstreamPort}", FirstKey);
        Token = await ControlPlane.AddVirtualKeyAsync("tester");
    }

    private string DataOf(Replica replica) => System.IO.Path.Combine(_data, new Uri(replica.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private Replica Create(string project, (string Name, string Value)[] settings, string? database = null)
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var section = $"TRINITY_{project.ToUpperInvariant()}__";
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["TRINITY_DATABASE"] = database ?? Database.ConnectionString,
            ["TRINITY_ENCRYPTION_KEYS"] = _encryptionKeys,
            [section + "LISTEN"] = url,
            [section + "ALLOWPRIVATEUPSTREAMS"] = "true",
        };
        foreach (var (name, value) in settings)
        {
            environment[name.StartsWith("DOTNET_", StringComparison.Ordinal) || name == TestCertificate.TrustVariable ? name : section + name.ToUpperInvariant()] = value;
        }

        var replica = new Replica(project, url, environment);
        environment["TRINITY_DATA"] = environment["HOME"] = Directory.CreateDirectory(DataOf(replica)).FullName;
        return replica;
    }

    private static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = TrinityDatabase.Create(connectionString, "tests");
        await new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(cancellationToken);
    }
}
