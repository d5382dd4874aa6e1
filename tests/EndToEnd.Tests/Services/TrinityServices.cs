using System.Net;

namespace Trinity.EndToEnd.Tests.Services;

/// <summary>The built services as processes of their own, on a database and a data directory of their own: set up as an operator would.</summary>
public class TrinityServices : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("trinity-e2e-").FullName;
    private PostgresDatabase? _database;
    private ChildProcess? _controlPlane;
    private ChildProcess? _bridge;

    /// <summary>More settings of both services, such as <c>--LogFormat=json</c>.</summary>
    protected virtual IReadOnlyList<string> Settings => [];

    /// <summary>More of both services' environment.</summary>
    protected virtual IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where the bridge listens, its own address first.</summary>
    protected virtual string BridgeListen => BridgeUrl;

    internal string BridgeUrl { get; private set; } = "";

    internal string OperatorToken { get; private set; } = "";

    internal ControlPlaneClient ControlPlane { get; private set; } = null!;

    internal PostgresDatabase Database => _database!;

    internal string DataDirectory => _data;

    internal string Logs => string.Join('\n', _controlPlane?.Output, _controlPlane?.Errors, _bridge?.Output, _bridge?.Errors);

    public virtual async ValueTask InitializeAsync()
    {
        _database = await PostgresDatabase.CreateAsync(MigrateAsync);
        BridgeUrl = $"http://127.0.0.1:{FreePort.Next()}";
        (_controlPlane, var address) = await StartControlPlaneAsync();
        OperatorToken = (await File.ReadAllTextAsync(Path.Combine(_data, "operator-token"), Timeouts.Token)).Trim();
        ControlPlane = new ControlPlaneClient(address, OperatorToken);
        _bridge = await StartAsync("AiBridge", BridgeUrl, BridgeListen, _database.ConnectionString);
    }

    /// <summary>One more control plane on the same database; the caller ends it.</summary>
    internal async Task<(ChildProcess Process, string Address)> StartControlPlaneAsync()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        return (await StartAsync("ControlPlane", address, address, Database.ConnectionString), address);
    }

    /// <summary>Asks both services to stop, as an operator does, and waits until they have.</summary>
    internal async Task StopAsync()
    {
        Assert.Equal(0, (await _bridge!.StopAsync()).ExitCode);
        Assert.Equal(0, (await _controlPlane!.StopAsync()).ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        ControlPlane?.Dispose();
        foreach (var service in new[] { _bridge, _controlPlane })
        {
            if (service is not null)
            {
                await service.DisposeAsync();
            }
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
        GC.SuppressFinalize(this);
    }

    // One template for all: migrations do not depend on the settings.
    private static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("trinity-e2e-migrate-");
        try
        {
            var program = new ChildProgram("dotnet", BuildOutput.Service("ControlPlane"), "migrate") { Environment = EnvironmentOf(connectionString, data.FullName) };
            (await ChildProcess.RunAsync(program, Timeouts.Default)).Succeeded();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private async Task<ChildProcess> StartAsync(string project, string address, string listen, string connectionString)
    {
        var environment = EnvironmentOf(connectionString, _data);
        environment[$"TRINITY_{project.ToUpperInvariant()}__LISTEN"] = listen;
        environment[$"TRINITY_{project.ToUpperInvariant()}__ALLOWPRIVATEUPSTREAMS"] = "true";
        foreach (var (name, value) in Variables)
        {
            environment[name] = value;
        }

        var service = ChildProcess.Start(BuildOutput.Program(project, Settings) with { Environment = environment });
        using var probe = LoopbackHttp.CreateClient(address);
        await Eventually.TrueAsync(async () => await IsReadyAsync(service, probe), $"{project} is ready");
        return service;
    }

    private static async Task<bool> IsReadyAsync(ChildProcess service, HttpClient probe)
    {
        Assert.False(service.HasExited, $"The service has ended.\n{service.Output}\n{service.Errors}");
        try
        {
            using var reply = await probe.GetAsync("/readyz", Timeouts.Token);
            return reply.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // does not listen yet
        }
    }

    private static Dictionary<string, string> EnvironmentOf(string connectionString, string data) => new(StringComparer.Ordinal)
    {
        ["TRINITY_DATABASE"] = connectionString,
        ["TRINITY_DATA"] = data,
        ["HOME"] = data,
    };
}
