using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Support;

/// <summary>A whole bridge replica in this process, on a real port, with its own data directory.</summary>
internal sealed class BridgeHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _ownsData;

    private BridgeHost(WebApplication app, CapturedLogs logs, string data, bool ownsData)
    {
        _app = app;
        Logs = logs;
        Data = data;
        _ownsData = ownsData;
    }

    public string Url { get; private set; } = "";

    public CapturedLogs Logs { get; }

    /// <summary>The replica's data directory.</summary>
    public string Data { get; }

    public IServiceProvider Services => _app.Services;

    public CachedBridgePool Pool => Services.GetRequiredService<CachedBridgePool>();

    public ConfigSnapshot? Snapshot => Services.GetRequiredService<ConfigProvider>().Current;

    /// <param name="database">A connection string.</param>
    /// <param name="encryptionKeys">The key ring that the configuration was written with.</param>
    /// <param name="settings">More settings, such as <c>AiBridge:PingInterval=00:00:01</c>.</param>
    /// <param name="data">A data directory to come back to; default: a new one.</param>
    /// <param name="configure">Replaces services, e.g. the clock.</param>
    public static async Task<BridgeHost> StartAsync(string database, string encryptionKeys, string[]? settings = null, string? data = null, Action<WebApplicationBuilder>? configure = null)
    {
        var logs = new CapturedLogs();
        var directory = data ?? Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
        string[] args =
        [
            $"--Database={database}", $"--Data={directory}", $"--ENCRYPTION_KEYS={encryptionKeys}",
            "--AiBridge:Listen=http://127.0.0.1:0", "--AiBridge:AllowPrivateUpstreams=true", .. (settings ?? []).Select(setting => "--" + setting),
        ];
        var app = AiBridgeApp.Create(args, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Debug);
            configure?.Invoke(builder);
        });
        var host = new BridgeHost(app, logs, directory, ownsData: data is null);
        await app.StartAsync(Timeouts.Token);
        host.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return host;
    }

    /// <summary>Until the replica serves this revision or a newer one.</summary>
    public Task WhenAppliedAsync(long revision) => Eventually.TrueAsync(() => Snapshot?.Generation >= revision, $"revision {revision} is applied");

    public Task StopAsync() => _app.StopAsync(Timeouts.Token);

    public async ValueTask DisposeAsync()
    {
        var loops = Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(service => service.ExecuteTask).OfType<Task>().ToList();
        await _app.DisposeAsync();
        await Task.WhenAll(loops.Select(EndAsync)).WaitAsync(Timeouts.Token); // they still write into the data directory
        if (_ownsData)
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    // However it ends: what it was to do has been taken from under it.
    private static async Task EndAsync(Task loop) => await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
