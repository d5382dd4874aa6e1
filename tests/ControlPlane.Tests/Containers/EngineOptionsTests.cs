using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class EngineOptionsTests
{
    [Theory]
    [InlineData("ssh://host", "trinity-agent:*", "ControlPlane:Engine is 'ssh://host'")]
    [InlineData("", " ; ", "ControlPlane:AgentImages names no image")]
    [InlineData("tcp://host:2375", "a:*;b:*", null)]
    [InlineData("", "trinity-agent:*", null)]
    public void Validate_EngineAndImages_AreChecked(string engine, string images, string? expected)
    {
        var result = new ControlPlaneOptionsValidator().Validate(null, new ControlPlaneOptions { Engine = engine, AgentImages = images });
        Assert.Equal(expected is null, result.Succeeded);
        Assert.Contains(expected ?? "", result.FailureMessage ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task ControlPlane_WithoutAnEngine_Starts()
    {
        await using var host = await ControlPlaneHost.StartAsync(["--ControlPlane:Engine", "unix:///nowhere/engine.sock"]);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/readyz")).Status);
        var runtime = host.Services.GetRequiredService<IAgentRuntime>();
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => runtime.VersionAsync(Timeouts.Token))).Fault);
    }
}
