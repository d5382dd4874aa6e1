using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Hosting;

namespace Trinity.AgentServer.Info;

/// <summary>What the agent server says of itself.</summary>
internal static class InfoEndpoints
{
    public static void MapInfo(this WebApplication app)
    {
        var startedAt = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        app.MapGet("/health", () => TypedResults.Ok(new AgentHealth("ok")));
        app.MapGet("/api/info", (IRuntimeAdapter runtime) => TypedResults.Ok(new AgentInfo(TrinityHosting.Version, [runtime.Name], startedAt)));
    }
}
