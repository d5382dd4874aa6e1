using System.Text.Json;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class SecurityEnvelopeTests
{
    private const string Golden = """
        {
          "Image": "trinity-agent:1",
          "User": "1000:1000",
          "Env": ["AGENT_NAME=a", "ZONE=x=y"],
          "Labels": {"trinity.agent-name": "a", "trinity.platform": "agent"},
          "ExposedPorts": {"8090/tcp": {}},
          "HostConfig": {
            "NetworkMode": "trinity-agents",
            "PidMode": "",
            "IpcMode": "private",
            "Privileged": false,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": true,
            "Tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=512m,mode=1777"},
            "Mounts": [
              {"Type": "volume", "Target": "/var/lib/trinity"},
              {"Type": "volume", "Source": "agent-a-workspace", "Target": "/home/developer"}
            ],
            "NanoCpus": 1500000000,
            "Memory": 1073741824,
            "MemorySwap": 1073741824,
            "PidsLimit": 64,
            "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
            "Init": true,
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
            "PublishAllPorts": false,
            "PortBindings": {"8090/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
            "ExtraHosts": ["host.docker.internal:host-gateway"]
          },
          "NetworkingConfig": {"EndpointsConfig": {"trinity-agents": {}}}
        }
        """;

    [Fact]
    public void Apply_FullSpec_IsTheGoldenRequest()
    {
        var request = JsonSerializer.Serialize(SecurityEnvelope.Apply(Spec() with { Network = "trinity-agents", PublishOnLoopback = true }), EngineJson.Default.CreateContainerRequest);
        Assert.Equal(JsonElement.Parse(Golden).GetRawText().Where(character => !char.IsWhiteSpace(character)), JsonElement.Parse(request).GetRawText().Where(character => !char.IsWhiteSpace(character)));
    }

    [Fact]
    public void Apply_NotPublished_HasNoPortOnTheHost()
    {
        var request = SecurityEnvelope.Apply(Spec());
        Assert.Empty(request.HostConfig.PortBindings);
        Assert.Equal("bridge", request.HostConfig.NetworkMode);
    }

    [Fact]
    public void Apply_CallersPlatformLabel_IsOverwritten() =>
        Assert.Equal("agent", SecurityEnvelope.Apply(Spec() with { Labels = new Dictionary<string, string> { ["trinity.platform"] = "other" } }).Labels["trinity.platform"]);

    [Theory]
    [InlineData("host")]
    [InlineData("none")]
    [InlineData("default")]
    [InlineData("container:abc")]
    [InlineData("")]
    public void Apply_SomebodyElsesNetwork_IsRefused(string network) => Assert.Throws<EngineException>(() => SecurityEnvelope.Apply(Spec() with { Network = network }));

    [Theory]
    [InlineData("/etc")]
    [InlineData("../up")]
    [InlineData("")]
    public void Apply_VolumeThatIsAPath_IsRefused(string volume) =>
        Assert.Throws<EngineException>(() => SecurityEnvelope.Apply(Spec() with { Volumes = new Dictionary<string, string> { ["/home/developer"] = volume } }));

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, -1)]
    public void Apply_WithoutLimits_IsRefused(double cpus, long memory, int pids) =>
        Assert.Throws<EngineException>(() => SecurityEnvelope.Apply(Spec() with { Limits = new ResourceLimits { Cpus = cpus, MemoryBytes = memory, Pids = pids } }));

    private static ContainerSpec Spec() => new()
    {
        Name = "agent-a",
        Image = "trinity-agent:1",
        Environment = new Dictionary<string, string> { ["ZONE"] = "x=y", ["AGENT_NAME"] = "a" },
        Labels = new Dictionary<string, string> { ["trinity.agent-name"] = "a" },
        Volumes = new Dictionary<string, string> { ["/home/developer"] = "agent-a-workspace" },
        Port = 8090,
        ExtraHosts = ["host.docker.internal:host-gateway"],
        Limits = new ResourceLimits { Cpus = 1.5, MemoryBytes = 1024 * 1024 * 1024, Pids = 64 },
    };
}
