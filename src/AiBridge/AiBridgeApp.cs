using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Limits;
using Trinity.AiBridge.Proxy;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Reload;
using Trinity.AiBridge.Routing;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Configuration;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge;

/// <summary>Puts a bridge replica together. Services stop in reverse order of this list, after the web server has drained.</summary>
internal static class AiBridgeApp
{
    /// <param name="args">Command-line settings, such as <c>--AiBridge:Listen=http://127.0.0.1:0</c>.</param>
    /// <param name="configure">For tests: replaces services before the application is built.</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ApplicationName = typeof(AiBridgeApp).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        builder.AddTrinityDefaults(args);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None); // else each request gets a log scope and an Activity that nobody sees
        builder.Services.AddOptions<AiBridgeOptions>().Bind(builder.Configuration.GetSection(AiBridgeOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AiBridgeOptions>, AiBridgeOptionsValidator>();
        builder.Services
            .AddTrinityDatabase("trinity-bridge")
            .AddTrinitySecrets()
            .AddTrinityTelemetry(BridgeMetrics.MeterName)
            .AddRecording()
            .AddRequestPath()
            .AddReloadPath();
        configure?.Invoke(builder);
        var options = builder.Configuration.GetSection(AiBridgeOptions.Section).Get<AiBridgeOptions>() ?? new AiBridgeOptions(); // not yet validated: that is done at the start
        builder.ConfigureKestrel(options);

        var app = builder.Build();
        _ = app.Services.GetRequiredService<ReloadMetrics>();
        if (options.UseInlineSockets())
        {
            InlineSockets.Tell(app.Logger);
        }

        app.UseAiBridge();
        app.MapHealth();
        app.MapTrinityMetrics();
        return app;
    }

    private static IServiceCollection AddRecording(this IServiceCollection services) => services
        .AddSingleton<ReplicaIdentity>()
        .AddSingleton<BridgeMetrics>()
        .AddSingleton<InterceptionRecorder>()
        .AddSingleton<InterceptionStore>()
        .AddSingleton<DiskThread>()
        .AddSingleton<RecordJournal>()
        .AddSingleton<RecordWriter>()
        .AddHostedService<RecordShipper>()
        .AddSingleton<RefusalRecorder>()
        .AddSingleton<RefusalStore>()
        .AddHostedService<RefusalShipper>()
        .AddSingleton<LimitsObserver>()
        .AddSingleton<ILimitsStore, LimitsStore>()
        .AddHostedService<LimitsShipper>();

    private static IServiceCollection AddRequestPath(this IServiceCollection services)
    {
        services.AddHttpForwarder();
        return services
            .AddSingleton<ConfigProvider>()
            .AddSingleton<VirtualKeyAuthenticator>()
            .AddSingleton<BodyBuffers>()
            .AddSingleton<RequestReader>()
            .AddSingleton<TokenBudgets>()
            .AddHostedService(provider => provider.GetRequiredService<TokenBudgets>())
            .AddSingleton<CallerLimiter>()
            .AddSingleton<KeyHealthRegistry>()
            .AddSingleton<KeyPolicy>()
            .AddSingleton(provider => new UpstreamAddressPolicy(provider.GetRequiredService<IOptions<AiBridgeOptions>>().Value.AllowPrivateUpstreams))
            .AddSingleton(provider => new InvokerPool(() => InvokerFactory.Create(
                provider.GetRequiredService<UpstreamAddressPolicy>(), provider.GetRequiredService<IOptions<AiBridgeOptions>>().Value.UseInlineSockets())))
            .AddSingleton<BridgeFactory>()
            .AddSingleton<CachedBridgePool>()
            .AddHostedService<BridgeReaper>()
            .AddSingleton<LimitsReporter>()
            .AddSingleton<RefusalReporter>()
            .AddSingleton<BridgeForwarder>()
            .AddSingleton<ProxyEndpoint>();
    }

    private static IServiceCollection AddReloadPath(this IServiceCollection services) => services
        .AddSingleton<ReloadMetrics>()
        .AddSingleton<ChangeSignal>()
        .AddSingleton<Convergence>()
        .AddSingleton<SnapshotLoader>()
        .AddSingleton<SnapshotBuilder>()
        .AddSingleton<LastGoodStore>()
        .AddSingleton<ReplicaReporter>()
        .AddSingleton<ReplicaHeartbeat>()
        .AddHostedService(provider => provider.GetRequiredService<ReplicaHeartbeat>())
        .AddSingleton<ConfigReloader>()
        .AddHostedService(provider => provider.GetRequiredService<ConfigReloader>())
        .AddHostedService<ChangeListener>()
        .AddSingleton<Shutdown>()
        .AddHostedService(provider => provider.GetRequiredService<Shutdown>());

    private static void ConfigureKestrel(this WebApplicationBuilder builder, AiBridgeOptions options)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownDelay + options.ShutdownDeadline + Shutdown.CutGrace);
        builder.WebHost.UseUrls(options.ListenAddresses());
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ConnectionBuffers>();
        if (options.UseInlineSockets())
        {
            builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1; // a character a byte: whatever it is, it passes as it came
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Use(TokenHashMemo.Attach);
                if (options.UseInlineSockets())
                {
                    endpoint.Use(InlineSockets.Attach);
                }
            });
            kestrel.Limits.MaxRequestBodySize = null;      // RequestReader has the limit, and answers in the vendor's shape
            kestrel.Limits.MinResponseDataRate = null;     // an agent that pauses must not lose its stream
            kestrel.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10); // longer than agents pause between turns
        });
    }
}
