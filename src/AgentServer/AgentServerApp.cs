using System.Text.Json;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Info;
using Trinity.Shared.Hosting;

namespace Trinity.AgentServer;

/// <summary>Puts an agent server together.</summary>
internal static class AgentServerApp
{
    private const string TelemetryName = "Trinity.AgentServer";

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
            .AddTrinityTelemetry(TelemetryName)
            .AddProblemDetails()
            .ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        configure?.Invoke(builder);

        var app = builder.Build();
        app.Urls.Add(app.Services.GetRequiredService<IOptions<AgentServerOptions>>().Value.Listen); // validates, before anything listens
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase), api => api.Use(app.Services.GetRequiredService<BearerToken>().InvokeAsync));
        if (!app.Services.GetRequiredService<IOptions<AgentServerOptions>>().Value.CredentialReload)
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments("/api/credentials", StringComparison.OrdinalIgnoreCase), credentials => credentials.Run(RefuseCredentialsAsync));
        }

        app.MapInfo();
        app.MapTrinityMetrics();
        return app;
    }

    private static Task RefuseCredentialsAsync(HttpContext context) =>
        TypedResults.Problem("This agent takes no credentials while it runs.", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);
}
