using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Trinity.Shared.Hosting;

namespace Trinity.AgentServer.Tests.Info;

public sealed class InfoEndpointsTests
{
    [Fact]
    public async Task Health_IsOk()
    {
        await using var server = await RunningAgentServer.StartAsync();
        Assert.Equal("""{"status":"ok"}""", await server.Client.GetStringAsync("/health", Timeouts.Token));
    }

    [Fact]
    public async Task Info_SaysVersionRuntimesAndStart()
    {
        var now = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
        await using var server = await RunningAgentServer.StartAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(now)));

        using var response = await server.GetAsync("/api/info");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var info = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Timeouts.Token));
        Assert.Equal(["version", "runtimes", "started_at"], info.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(TrinityHosting.Version, info.RootElement.GetProperty("version").GetString());
        Assert.Equal("claude-code", Assert.Single(info.RootElement.GetProperty("runtimes").EnumerateArray()).GetString());
        Assert.Equal(now, info.RootElement.GetProperty("started_at").GetDateTimeOffset());
    }

    [Fact]
    public async Task Metrics_AreExposed()
    {
        await using var server = await RunningAgentServer.StartAsync();
        Assert.Contains("# TYPE ", await server.Client.GetStringAsync("/metrics", Timeouts.Token), StringComparison.Ordinal);
    }
}
