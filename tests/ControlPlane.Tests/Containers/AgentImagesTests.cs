using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class AgentImagesTests
{
    [Theory]
    [InlineData("trinity-agent:*", "trinity-agent:latest", true)]
    [InlineData("trinity-agent:*", "trinity-agent", true)] // the engine takes it for :latest
    [InlineData("trinity-agent:*", "trinity-agent:old", true)]
    [InlineData("trinity-agent:*", "evil/trinity-agent:latest", false)]
    [InlineData("trinity-agent:*", "trinity-agents:latest", false)]
    [InlineData("trinity-agent:*", "Trinity-agent:latest", false)]
    [InlineData("trinity-agent:*", "trinity-agent@sha256:0123", false)]
    [InlineData("trinity-agent:*", "sha256:0123", false)]
    [InlineData("trinity-agent:*", "", false)]
    [InlineData("*", "trinity-agent:a b", false)]
    [InlineData("*", "../version?x=", false)]
    [InlineData("trinity-agent:1.?; registry.example:5000/agents/*", "registry.example:5000/agents/claude", true)]
    [InlineData("trinity-agent:1.?; registry.example:5000/agents/*", "trinity-agent:1.2", true)]
    [InlineData("trinity-agent:1.?; registry.example:5000/agents/*", "trinity-agent:1.22", false)]
    public void WhyRefused_ByPattern(string patterns, string image, bool allowed)
    {
        var reason = new AgentImages(Options.Create(new ControlPlaneOptions { AgentImages = patterns })).WhyRefused(image);
        Assert.Equal(allowed, reason is null);
        Assert.True(allowed || reason!.Contains($"'{image}'", StringComparison.Ordinal));
    }
}
