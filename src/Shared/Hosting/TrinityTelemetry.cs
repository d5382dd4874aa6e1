using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Trinity.Shared.Hosting;

/// <summary>Metrics for Prometheus, and traces over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector.</summary>
public static class TrinityTelemetry
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <param name="services">The service's collection.</param>
    /// <param name="serviceName">Name of the service's meter and activity source, and its <c>service.name</c>.</param>
    public static IServiceCollection AddTrinityTelemetry(this IServiceCollection services, string serviceName)
    {
        services.AddMetrics();
        services.AddSingleton(_ => new PrometheusScraper(serviceName, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql"));
        if (Environment.GetEnvironmentVariable(OtlpEndpoint) is { Length: > 0 })
        {
            services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(resource => resource.AddService(serviceName, serviceVersion: TrinityHosting.Version))
                .AddSource(serviceName, "Npgsql")
                .AddOtlpExporter()
                .Build());
        }

        return services;
    }

    /// <summary><c>GET /metrics</c>, open also where a service authenticates its callers; also starts the trace exporter, which works from its creation on.</summary>
    public static void MapTrinityMetrics(this WebApplication app)
    {
        _ = app.Services.GetService<TracerProvider>();
        var scraper = app.Services.GetRequiredService<PrometheusScraper>();
        RequestDelegate scrape = context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(scraper.Scrape());
        };
        app.MapGet("/metrics", scrape).AllowAnonymous().ExcludeFromDescription();
    }
}
