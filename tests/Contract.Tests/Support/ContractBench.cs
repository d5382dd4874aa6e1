using Microsoft.Extensions.Logging.Abstractions;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Contract.Tests.WireMock;
using Trinity.Shared.Configuration;
using Trinity.Shared.Database;
using Trinity.Shared.Secrets;

namespace Trinity.Contract.Tests.Support;

/// <summary>A bridge between a client and the real WireMock: one provider for each API, and an impatient one beside it.</summary>
internal sealed class ContractBench : IAsyncDisposable
{
    private readonly WireMockServer _wireMock;
    private readonly PostgresDatabase _database;
    private readonly TestConfig _config;
    private readonly BridgeHost _bridge;
    private readonly HttpClient _client;
    private readonly string _token;
    private readonly Dictionary<string, Stub> _stubs = new(StringComparer.Ordinal);
    private int _names;

    private ContractBench(WireMockServer wireMock, PostgresDatabase database, TestConfig config, BridgeHost bridge, string token)
    {
        _wireMock = wireMock;
        _database = database;
        _config = config;
        _bridge = bridge;
        _token = token;
        _client = LoopbackHttp.CreateClient(bridge.Url);
    }

    /// <summary>False after an exchange, until <see cref="AssertCallsAsync"/>.</summary>
    public bool CallsAreAsserted { get; private set; }

    public static async Task<ContractBench> StartAsync()
    {
        var (java, jar) = await WireMockInstallation.FindAsync(); // first, because it may skip the test
        var starting = WireMockServer.StartAsync(java, jar, StubFile.Folder);
        var database = await PostgresDatabase.CreateAsync(MigrateAsync);
        var wireMock = await starting;
        var encryptionKeys = $"test:{Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))}";
        var config = new TestConfig(database.DataSource, new SecretProtector(new FixedEncryptionKeys(encryptionKeys)));
        foreach (var api in ProviderApi.All)
        {
            await config.AddProviderAsync(api.Name, api.Type, wireMock.Url + api.BasePath, [api.Keys[0]], api.Settings);
            await config.AddProviderAsync(Impatient(api), api.Type, wireMock.Url + api.BasePath, [api.Keys[0]], api.Settings with { FirstByteTimeoutSeconds = 1 });
            await config.AddProviderAsync(Restless(api), api.Type, wireMock.Url + api.BasePath, [api.Keys[0]], api.Settings with { IdleTimeoutSeconds = 1 });
        }

        await config.AddProviderAsync("local", ProviderTypes.OpenAiCompatible, wireMock.Url + "/local/v1");
        await config.AddProviderAsync("fresh", ProviderTypes.Anthropic, wireMock.Url + "/fresh", [ProviderApi.Find("anthropic").Keys[0]]);
        var token = await config.AddVirtualKeyAsync();
        var bridge = await BridgeHost.StartAsync(database.ConnectionString, encryptionKeys);
        await bridge.WhenAppliedAsync(await config.RevisionAsync());
        return new ContractBench(wireMock, database, config, bridge, token);
    }

    /// <summary>The same provider, for whose first byte the bridge waits a second.</summary>
    public static string Impatient(ProviderApi api) => $"impatient-{api.Name}";

    /// <summary>The same provider, of which the bridge suffers a second of silence in the middle of a reply.</summary>
    public static string Restless(ProviderApi api) => $"restless-{api.Name}";

    public async Task ResetAsync()
    {
        await _wireMock.ResetAsync();
        _stubs.Clear();
        CallsAreAsserted = false;
    }

    /// <summary>A provider of the test's own, whose keys nobody has used yet.</summary>
    public async Task<string> AddProviderAsync(ProviderApi api, params string[] keys)
    {
        var name = $"own-{++_names}";
        await _config.AddProviderAsync(name, api.Type, _wireMock.Url + api.BasePath, keys, api.Settings);
        await _bridge.WhenAppliedAsync(await _config.RevisionAsync());
        return name;
    }

    /// <summary>Gives WireMock the stubs of a file of Stubs/.</summary>
    public async Task<StubFile> LoadAsync(string name)
    {
        var file = await _wireMock.LoadAsync(name);
        foreach (var stub in file.Stubs)
        {
            _stubs.Add(stub.Name, stub);
        }

        return file;
    }

    /// <summary>Sends what the stub wants to get, from the client of an API that has headers of all kinds.</summary>
    public Task<Exchange> ExchangeAsync(ProviderApi api, Stub stub, string? provider = null, string? path = null, byte[]? body = null, bool ownCredential = false, (string Name, string Value)[]? headers = null) =>
        ExchangeAsync(ClientRequest.Create(api, stub.Method, $"/{provider ?? api.Name}{path ?? api.ClientPath}", body ?? stub.RequestBody, _token, ownCredential, headers ?? []));

    /// <summary>Asserts the journal: these stubs were called, in this order, with nothing that they do not name; and nothing else was called.</summary>
    public async Task<IReadOnlyList<WireMockCall>> AssertCallsAsync(params string[] stubs)
    {
        var calls = await CallsAsync();
        Assert.Equal(stubs, calls.Select(call => call.Stub));
        return calls;
    }

    /// <summary>The same for calls that were made at once.</summary>
    public async Task AssertCallsInAnyOrderAsync(params string[] stubs) => Assert.Equal(stubs.Order(StringComparer.Ordinal), (await CallsAsync()).Select(call => call.Stub!).Order(StringComparer.Ordinal));

    /// <summary>The interception that a reply names, once it is in the database.</summary>
    public Task<RecordedInterception> RecordedAsync(Exchange exchange) => RecordedInterception.ReadAsync(_database.DataSource, exchange.InterceptionId);

    public Task<RecordedInterception?> FindRecordAsync(Exchange exchange) => RecordedInterception.FindAsync(_database.DataSource, exchange.InterceptionId);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _bridge.DisposeAsync();
        await _database.DisposeAsync();
        await _wireMock.DisposeAsync();
    }

    private async Task<IReadOnlyList<WireMockCall>> CallsAsync()
    {
        CallsAreAsserted = true;
        Assert.Equal("", await _wireMock.UnmatchedAsync());
        var calls = await _wireMock.CallsAsync();
        foreach (var call in calls)
        {
            Assert.Empty(call.Headers.Keys.Except([.. call.StubHeaders, "Host", "Content-Length"], StringComparer.OrdinalIgnoreCase));
            Assert.Equal($"127.0.0.1:{_wireMock.Port}", call.Headers["Host"]);
            Assert.Equal(_stubs[call.Stub!].RequestBody, call.Body);
            Assert.DoesNotContain(_token, call.Entry, StringComparison.Ordinal);
        }

        return calls;
    }

    private async Task<Exchange> ExchangeAsync(HttpRequestMessage request)
    {
        CallsAreAsserted = false;
        using (request)
        {
            using var reply = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
            return await Exchange.ReadAsync(reply);
        }
    }

    private static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = TrinityDatabase.Create(connectionString, "tests");
        await new SchemaMigrator(database, NullLogger<SchemaMigrator>.Instance).MigrateAsync(cancellationToken);
    }
}
