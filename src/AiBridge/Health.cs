using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge;

/// <summary>Liveness and readiness, for load balancers and the launcher.</summary>
internal static class Health
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", (ConfigProvider config, Convergence convergence, Shutdown shutdown) => Unready(config, convergence, shutdown) is { } reason
            ? Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
    }

    private static string? Unready(ConfigProvider config, Convergence convergence, Shutdown shutdown) =>
        shutdown.Begun ? "shutting down"
        : config.Current is null ? "no configuration yet"
        : convergence.IsStuck ? "a newer configuration cannot be applied"
        : null;
}
