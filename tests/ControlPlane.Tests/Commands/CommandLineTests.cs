using Trinity.ControlPlane.Commands;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _data.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    [InlineData("keys", "rotate", "--help")]
    public async Task Help_ListsTheVerbs(params string[] args)
    {
        Assert.Equal(0, await RunAsync(args));
        Assert.Contains("keys rotate", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("keys")]
    [InlineData("keys", "shuffle")]
    [InlineData("operator-token")]
    public async Task UnknownVerb_IsOneLine_AndExitCode2(params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        AssertOneLine("Unknown verb");
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("migrate")]
    [InlineData("keys", "rotate")]
    [InlineData("operator-token", "create", "--name", "a", "--role", "admin")]
    public async Task Database_Unreachable_IsOneLineWithoutThePassword(params string[] args)
    {
        Assert.Equal(1, await RunAsync([.. args, "--Database", "postgres://trinity:hunter2@127.0.0.1:1/trinity", "--Data", _data.FullName]));
        AssertOneLine("The database cannot be reached");
    }

    [Theory]
    [InlineData("", "No database is named")]
    [InlineData("postgres://hunter2", "names no host or no database")]
    [InlineData("mysql://u:hunter2@host/db", "neither a postgres:// URL nor a connection string")]
    public async Task Database_Malformed_IsOneLine(string database, string expected)
    {
        Assert.Equal(1, await RunAsync(["serve", "--Database", database, "--Data", _data.FullName]));
        AssertOneLine(expected);
    }

    [Fact]
    public async Task Serve_WithoutSchema_OrWithBadSettings_SaysWhatToDo()
    {
        await using var empty = await PostgresDatabase.CreateAsync();
        Assert.Equal(1, await RunAsync(["serve", .. Settings(empty)]));
        AssertOneLine("migrate");
        Assert.Equal(1, await RunAsync(["serve", .. Settings(empty), "--ControlPlane:Listen", "nowhere"]));
        AssertOneLine("'nowhere'");
        Assert.Equal(1, await RunAsync(["serve", .. Settings(empty), "--ControlPlane:SeedFile", "missing.json"]));
        AssertOneLine("missing.json");
        Assert.Equal(1, await RunAsync(["serve", .. Settings(empty), "--ControlPlane:AllowPrivateUpstreams", "perhaps"]));
        AssertOneLine("AllowPrivateUpstreams");
        Assert.Equal(1, await RunAsync(["serve", .. Settings(empty), "--ENCRYPTION_KEYS", "hunter2"]));
        AssertOneLine("Encryption key number 1");
    }

    [Fact]
    public async Task Serve_PortInUse_IsOneLine()
    {
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, FreePort.Next());
        taken.Start();

        Assert.Equal(1, await RunAsync(["serve", .. Settings(database), "--ControlPlane:Listen", $"http://{taken.LocalEndpoint}"]));

        AssertOneLine("address already in use");
    }

    [Fact]
    public async Task Serve_EndsInOrderWhenToldTo()
    {
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();
        var port = FreePort.Next();
        using var stop = new CancellationTokenSource();
        var serving = new CommandLine(_output, _error).RunAsync([.. Settings(database), "--ControlPlane:Listen", $"http://127.0.0.1:{port}"], stop.Token);
        using var client = LoopbackHttp.CreateClient($"http://127.0.0.1:{port}");
        await Eventually.TrueAsync(() => AnswersAsync(client), "the control plane answers");

        await stop.CancelAsync();

        Assert.Equal(0, await serving);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task Migrate_TwiceAndTwoAtOnce_EndsWithOneSchema()
    {
        await using var database = await PostgresDatabase.CreateAsync();
        string[] args = ["migrate", .. Settings(database)];

        var exits = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => new CommandLine(TextWriter.Null, TextWriter.Null).RunAsync(args, Timeouts.Token)));
        Assert.All(exits, exit => Assert.Equal(0, exit));
        Assert.Equal(0, await RunAsync(args));

        Assert.Equal("The schema is up to date.", _output.ToString().Trim());
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from config_revision"));
    }

    [Fact]
    public async Task OperatorTokenCreate_PrintsATokenThatWorks()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        Assert.Equal(0, await RunAsync(["operator-token", "create", "--name", "alice", "--role=viewer", .. Settings(host.Database)]));

        (await host.As(_output.ToString().Trim()).GetAsync("providers")).Is(200);
        Assert.Contains(await host.AuditAsync(), entry => entry.StartsWith("operator_token.create alice", StringComparison.Ordinal));
        Assert.Equal(2, await RunAsync(["operator-token", "create", "--name", "alice", "--role", "viewer", .. Settings(host.Database)]));
        AssertOneLine("exists already");
        Assert.Equal(2, await RunAsync(["operator-token", "create", "--name", "bob", .. Settings(host.Database)]));
        AssertOneLine("admin or viewer");
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync("/readyz", Timeouts.Token);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string[] Settings(PostgresDatabase database) => ["--Database", database.ConnectionString, "--Data", _data.FullName, "--Logging:LogLevel:Default", "None"];

    private Task<int> RunAsync(string[] args) => new CommandLine(_output, _error).RunAsync(args, Timeouts.Token);

    /// <summary>Exactly one line was written since the last look.</summary>
    private void AssertOneLine(string expected)
    {
        var line = Assert.Single(_error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        _error.GetStringBuilder().Clear();
    }
}
