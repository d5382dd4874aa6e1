using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Components;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.EncryptionKeys;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Interceptions;
using Trinity.ControlPlane.Mcp;
using Trinity.ControlPlane.OpenApi;
using Trinity.ControlPlane.OperatorTokens;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Replicas;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Seeding;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.Usage;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.Configuration;
using Trinity.Shared.Database;
using Trinity.Shared.Hosting;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane;

/// <summary>Puts the control plane together: services, then the pipeline, then what must be true before it listens.</summary>
internal static class ControlPlaneApp
{
    /// <param name="args">Settings as <c>--Section:Key=value</c>.</param>
    /// <param name="configure">A last word on the services, for tests.</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder().AddTrinityDefaults(args);
        if (string.IsNullOrWhiteSpace(builder.Configuration[nameof(TrinityOptions.Database)]))
        {
            throw new StartupException("No database is named; set TRINITY_DATABASE to postgres://user:password@host:port/database.");
        }

        AddHost(builder);
        AddFeatures(builder.Services);
        configure?.Invoke(builder);

        var app = builder.Build();
        UsePipeline(app);
        MapProbes(app);
        MapApi(app);
        app.MapMcp();
        app.MapConsole();
        return app;
    }

    /// <summary>The same for a verb whose standard output is its result: logs go to standard error, and only when something is wrong.</summary>
    public static WebApplication CreateForCommand(string[] args) => Create(
        ["--Logging:LogLevel:Default", "Warning", .. args],
        builder => builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    /// <summary>Checks the settings and the database, makes the first operator token and imports the seed file. Call before starting the app.</summary>
    /// <exception cref="StartupException">Something must be put right first; the message says what.</exception>
    public static async Task PrepareAsync(WebApplication app, CancellationToken cancellationToken)
    {
        CheckSettings(app.Services);
        if (!await app.Services.GetRequiredService<SchemaMigrator>().IsCurrentAsync(cancellationToken))
        {
            throw new StartupException("The database's schema is not that of this release; run the verb 'migrate' first.");
        }

        await app.Services.GetRequiredService<OperatorTokenFile>().EnsureAsync(cancellationToken);
        await app.Services.GetRequiredService<SeedImporter>().ImportAsync(cancellationToken);
    }

    // Resolving them throws what is wrong with them.
    private static void CheckSettings(IServiceProvider services)
    {
        try
        {
            _ = services.GetRequiredService<IOptions<ControlPlaneOptions>>().Value;
            _ = services.GetRequiredService<IOptions<AccountUsageOptions>>().Value;
            _ = services.GetRequiredService<SecretProtector>();
        }
        catch (InvalidOperationException unbindable)
        {
            throw new StartupException(unbindable.Message);
        }
    }

    private static void AddHost(WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ControlPlaneOptions>().BindConfiguration(ControlPlaneOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<ControlPlaneOptions>, ControlPlaneOptionsValidator>();
        builder.WebHost.UseUrls(builder.Configuration[$"{ControlPlaneOptions.Section}:{nameof(ControlPlaneOptions.Listen)}"] ?? new ControlPlaneOptions().Listen);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = JsonBody.MaxBytes;
        });
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // a failed start is told in one line, by Program
        builder.Services
            .AddTrinityDatabase(ControlPlaneMetrics.MeterName)
            .AddTrinitySecrets()
            .AddTrinityTelemetry(ControlPlaneMetrics.MeterName)
            .AddOperatorAuthentication()
            .AddApiDescription()
            .AddProblemDetails()
            .AddExceptionHandler<ApiExceptionHandler>()
            .ConfigureHttpJsonOptions(json =>
            {
                json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
                json.SerializerOptions.TypeInfoResolverChain.Insert(0, ControlPlaneJson.Default);
            });
    }

    private static void AddFeatures(IServiceCollection services)
    {
        services.AddSingleton<ControlPlaneMetrics>().AddSingleton<SchemaMigrator>().AddSingleton<WriteTransactions>();
        services.AddSingleton<AuditStore>().AddSingleton<AuditTrail>();
        services.AddSingleton<OperatorTokenStore>().AddSingleton<OperatorTokenService>().AddSingleton<OperatorTokenFile>();
        services.AddSingleton(provider => new UpstreamAddressPolicy(provider.GetRequiredService<IOptions<ControlPlaneOptions>>().Value.AllowPrivateUpstreams));
        services.AddSingleton<ProviderStore>().AddSingleton<ProviderSecrets>().AddSingleton<ProviderViews>().AddSingleton<ProviderRules>();
        services.AddSingleton<ProviderAudit>().AddSingleton<ProviderService>().AddSingleton<ProviderProbe>().AddSingleton<ProviderTestService>();
        services.AddSingleton<RolloutStore>().AddSingleton<KeyFingerprints>().AddSingleton<RolloutRecorder>().AddSingleton<RolloutJudge>().AddSingleton<RolloutService>();
        services.AddSingleton<FleetWatcher>().AddHostedService(provider => provider.GetRequiredService<FleetWatcher>()).AddSingleton<WriteReporter>();
        services.AddSingleton<ReplicaStore>().AddSingleton<ReplicaService>();
        services.AddSingleton<VirtualKeyStore>().AddSingleton<VirtualKeyService>();
        services.AddSingleton<SubscriptionStore>().AddSingleton<SubscriptionProbe>().AddSingleton<SubscriptionService>();
        services.AddSingleton<AgentStore>().AddSingleton<AgentReportStore>().AddSingleton<AgentSecrets>().AddSingleton<AgentRules>().AddSingleton<AgentVirtualKeys>();
        services.AddSingleton<AgentContainers>().AddSingleton<AgentReports>().AddSingleton<AgentRestarts>().AddSingleton<AgentLifecycle>().AddSingleton<AgentService>();
        services.AddSingleton<AgentTasks>().AddSingleton<FleetRestarter>().AddSingleton<AgentRollouts>();
        services.AddSingleton<AgentSignal>().AddSingleton<AgentReconciler>().AddHostedService(provider => provider.GetRequiredService<AgentReconciler>()).AddHostedService<AgentEvents>();
        services.AddSingleton<AgentClient>().AddSingleton<AgentLocks>().AddSingleton<CredentialSource>().AddSingleton<CredentialDeliverer>();
        services.AddSingleton<AgentGenerations>().AddSingleton<AgentAssignment>().AddSingleton<AgentFanOut>().AddSingleton<AgentAdoption>();
        services.AddAutoSwitch();
        services.AddAccountUsage();
        services.AddMcp();
        services.AddConsole();
        services.AddSingleton<InterceptionStore>().AddSingleton<UsageStore>().AddSingleton<SubscriptionUsageStore>();
        services.AddSingleton<EngineClient>().AddSingleton<AgentImages>().AddSingleton<IAgentRuntime, DockerRuntime>(); // connects on first use
        services.AddSingleton<SeedImporter>().AddSingleton<EncryptedColumnStore>().AddSingleton<EncryptionKeyRotation>();
    }

    // Order matters: errors outermost, so that every answer below them is problem details.
    private static void UsePipeline(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => ConsoleProblem.Of(context.HttpContext, Describe(context.HttpContext.Response.StatusCode)).ExecuteAsync(context.HttpContext));
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        app.UseConsole();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
    }

    private static void MapProbes(WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/readyz", Readiness.CheckAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapTrinityMetrics();
        app.MapOpenApi("/openapi/v1.json").AllowAnonymous();
    }

    private static void MapApi(WebApplication app)
    {
        var api = app.MapGroup("/api/v1").RequireAuthorization(OperatorPolicies.Operator);
        api.MapProviders();
        api.MapRollouts();
        api.MapVirtualKeys();
        api.MapSubscriptions();
        api.MapAgents();
        api.MapAgentTasks();
        api.MapFleet();
        api.MapAutoSwitch();
        api.MapAccountUsage();
        api.MapReplicas();
        api.MapInterceptions();
        api.MapUsage();
        api.MapSubscriptionUsage();
        api.MapAudit();
        api.MapOperatorTokens();
    }

    private static Problem Describe(int status) => new(status, ReasonPhrases.GetReasonPhrase(status), status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this path.",
        StatusCodes.Status405MethodNotAllowed => "This path does not take this method; see the Allow header.",
        _ => "The request cannot be served.",
    });
}
