using System.Text.Json;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.AgentServer.Info;
using Trinity.AgentServer.Redaction;
using Trinity.AgentServer.Runtimes;
using Trinity.AgentServer.Tasks;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Hosting;

namespace Trinity.AgentServer;

/// <summary>Puts an agent server together.</summary>
internal static class AgentServerApp
{
    private const long LongestBody = 4 * 1024 * 1024;

    private static readonly TimeSpan AfterTheDrain = TimeSpan.FromSeconds(10);

    /// <param name="args">Command-line settings, such as <c>--AgentServer:Listen=http://127.0.0.1:0</c>.</param>
    /// <param name="configure">For tests: replaces services before the application is built.</param>
    /// <exception cref="OptionsValidationException">The settings are unusable.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddTrinityDefaults(args);
        builder.Services.AddOptions<AgentServerOptions>().Bind(builder.Configuration.GetSection(AgentServerOptions.Section));
        builder.Services
            .AddSingleton<IValidateOptions<AgentServerOptions>, AgentServerOptionsValidator>()
            .AddSingleton<BearerToken>()
            .AddSingleton<AgentServerMetrics>()
            .AddTrinityTelemetry(AgentServerMetrics.MeterName)
            .AddProblemDetails()
            .ConfigureHttpJsonOptions(json =>
            {
                json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
                json.SerializerOptions.TypeInfoResolverChain.Insert(0, AgentApiJson.Default);
            });
        AddCredentials(builder.Services);
        AddTasks(builder.Services);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LongestBody;
        });
        configure?.Invoke(builder);
        RedactingLoggerProvider.Decorate(builder.Services);

        var app = builder.Build();
        app.Urls.Add(app.Services.GetRequiredService<IOptions<AgentServerOptions>>().Value.Listen); // validates, before anything listens
        _ = app.Services.GetRequiredService<CredentialStore>(); // so is the credential loaded before the first request
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase), api => api.Use(app.Services.GetRequiredService<BearerToken>().InvokeAsync));
        if (!app.Services.GetRequiredService<IOptions<AgentServerOptions>>().Value.CredentialReload)
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments("/api/credentials", StringComparison.OrdinalIgnoreCase), credentials => credentials.Run(RefuseCredentialsAsync));
        }

        app.MapInfo();
        app.MapTasks();
        app.MapCredentials();
        app.MapTrinityMetrics();
        return app;
    }

    private static Task RefuseCredentialsAsync(HttpContext context) =>
        TypedResults.Problem("This agent takes no credentials while it runs.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);

    private static void AddCredentials(IServiceCollection services) => services
        .AddSingleton(all => new Redactor([Options(all).Token, Options(all).ApiKey, Options(all).Credential.Token, Options(all).Credential.VirtualKey]))
        .AddSingleton<CredentialFile>()
        .AddSingleton<CredentialLoader>()
        .AddSingleton(all => new CredentialStore(all.GetRequiredService<CredentialLoader>().Load(), all.GetRequiredService<Redactor>()))
        .AddSingleton<CredentialReloader>();

    private static void AddTasks(IServiceCollection services)
    {
        services
            .AddSingleton<ChildEnvironment>()
            .AddSingleton<IRuntimeAdapter>(all => Options(all).Runtime switch
            {
                RuntimeNames.Codex => ActivatorUtilities.CreateInstance<CodexRuntime>(all),
                RuntimeNames.Command => ActivatorUtilities.CreateInstance<CommandRuntime>(all),
                _ => ActivatorUtilities.CreateInstance<ClaudeCodeRuntime>(all),
            })
            .AddSingleton<BackgroundJobs>()
            .AddSingleton<TaskTable>()
            .AddSingleton<TaskRunner>()
            .AddHostedService<TaskDrain>();
        services.AddOptions<HostOptions>().Configure<IOptions<AgentServerOptions>>((host, options) =>
            host.ShutdownTimeout = options.Value.ShutdownDeadline + options.Value.CancelGrace + AfterTheDrain);
    }

    private static AgentServerOptions Options(IServiceProvider all) => all.GetRequiredService<IOptions<AgentServerOptions>>().Value;
}
