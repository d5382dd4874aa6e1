using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using Trinity.Shared.Database;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.FunctionalTests.Support;

/// <summary>A database of its own, one fake provider, one bridge and a virtual key: what most tests start from.</summary>
internal sealed class TestBench : IAsyncDisposable
{
    private TestBench(PostgresDatabase database, TestConfig config, FakeProvider upstream, string encryptionKeys)
    {
        Database = database;
        Config = config;
        Upstream = upstream;
        EncryptionKeys = encryptionKeys;
    }

    public PostgresDatabase Database { get; }

    public TestConfig Config { get; }

    public FakeProvider Upstream { get; }

    public string EncryptionKeys { get; }

    public BridgeHost Bridge { get; private set; } = null!;

    /// <summary>A virtual key without restrictions.</summary>
    public string Token { get; private set; } = "";

    /// <summary>A client of the bridge, without credentials of its own.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <param name="types">Providers to configure, each named for its type and pointing at <see cref="Upstream"/>, with the key <c>key-of-{type}</c>.</param>
    public static async Task<TestBench> StartAsync(string[] types, string[]? settings = null, Action<WebApplicationBuilder>? configure = null, bool startBridge = true, PostgresServer? server = null)
    {
        var database = server is null ? await PostgresDatabase.CreateAsync(MigrateAsync) : await PostgresDatabase.CreateOnAsync(server, MigrateAsync);
        var encryptionKeys = $"test:{Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))}";
        var config = new TestConfig(database.DataSource, new SecretProtector(new FixedEncryptionKeys(encryptionKeys)));
        var bench = new TestBench(database, config, await FakeProvider.StartAsync(), encryptionKeys);
        foreach (var type in types)
        {
            await config.AddProviderAsync(type, type, bench.UpstreamUrl(type), [KeyOf(type)]);
        }

        bench.Token = await config.AddVirtualKeyAsync();
        if (startBridge)
        {
            await bench.StartBridgeAsync(settings, configure);
        }

        return bench;
    }

    public static string KeyOf(string type) => $"sk-key-of-{type}-0123456789";

    public string UpstreamUrl(string type) => type == "anthropic" ? Upstream.BaseUrl : Upstream.BaseUrl.TrimEnd('/') + "/v1";

    public async Task StartBridgeAsync(string[]? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        Bridge = await BridgeHost.StartAsync(Database.ConnectionString, EncryptionKeys, settings, configure: configure);
        await Bridge.WhenAppliedAsync(await Config.RevisionAsync());
        Client = LoopbackHttp.CreateClient(Bridge.Url);
    }

    /// <summary>Another replica on the same database.</summary>
    public Task<BridgeHost> StartReplicaAsync(string[]? settings = null, string? data = null) =>
        BridgeHost.StartAsync(Database.ConnectionString, EncryptionKeys, settings, data);

    /// <summary>Waits until the bridge serves what is in the database now.</summary>
    public async Task AppliedAsync() => await Bridge.WhenAppliedAsync(await Config.RevisionAsync());

    /// <summary>A JSON request with the virtual key as bearer.</summary>
    public HttpRequestMessage Post(string path, string json) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(json, Encoding.UTF8, "application/json"),
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
    };

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);

    /// <summary>The interception that a reply's header names, once it is in the database.</summary>
    public async Task<RecordedInterception> RecordedAsync(HttpResponseMessage reply) =>
        await RecordedInterception.ReadAsync(Database.DataSource, Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single()));

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (Bridge is not null)
        {
            await Bridge.DisposeAsync();
        }

        await Upstream.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = TrinityDatabase.Create(connectionString, "tests");
        await new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(cancellationToken);
    }
}
