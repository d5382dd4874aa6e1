using System.Net;
using Microsoft.AspNetCore.Builder;

namespace Trinity.AgentServer.Tests;

public sealed class CredentialReloadTests
{
    private const string Path = "/api/credentials/any";

    [Theory]
    [InlineData("true", HttpStatusCode.OK)]
    [InlineData("false", HttpStatusCode.NotFound)]
    public async Task Credentials_TurnedOff_AreNotFound(string setting, HttpStatusCode expected)
    {
        await using var server = await RunningAgentServer.StartAsync(
            configure: builder => builder.Configuration["AgentServer:CredentialReload"] = setting,
            map: app => app.MapGet(Path, () => "mapped"));
        using var response = await server.GetAsync(Path);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.NotFound, (await response.Content.ReadAsStringAsync(Timeouts.Token)).Contains("takes no credentials while it runs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Credentials_TurnedOff_StillWantTheToken()
    {
        await using var server = await RunningAgentServer.StartAsync("agent-token-0123456789", builder => builder.Configuration["AgentServer:CredentialReload"] = "false");
        using var response = await server.GetAsync(Path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
