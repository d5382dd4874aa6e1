using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge;
using Trinity.AiBridge.Bridges;

namespace Trinity.Bench.Micro;

/// <summary>A bridge replica with everything on, metrics included, but for its edges: no server, no database, an upstream in memory.</summary>
internal sealed class MemoryBridge : IAsyncDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("trinity-micro-");
    private readonly WebApplication _app;

    public MemoryBridge()
    {
        string[] settings = ["--Database=Host=127.0.0.1;Database=nowhere", $"--Data={_data.FullName}", "--AiBridge:AllowPrivateUpstreams=true"];
        _app = AiBridgeApp.Create(settings, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(new InvokerPool(() => new HttpMessageInvoker(new MemoryUpstream())));
        });
        Services.GetRequiredService<CachedBridgePool>().Reload(BenchConfig.Snapshot());
    }

    /// <summary>Its parts. It is never started, so none of its background services runs.</summary>
    public IServiceProvider Services => _app.Services;

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
