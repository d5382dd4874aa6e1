using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>The security envelope, as a real engine understands it and as a process in the container sees it.</summary>
public sealed class DockerEnvelopeTests(DockerFixture docker)
{
    [Fact]
    public async Task Inside_ProcessIsBound()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var agent = await engine.RunAsync(engine.Spec("a"));
        Assert.Equal("1000:1000", await engine.ShellAsync(agent, "echo $(id -u):$(id -g)"));
        var status = await engine.ShellAsync(agent, "cat /proc/self/status");
        Assert.Matches(@"(?m)^CapEff:\s+0+$", status);
        Assert.Matches(@"(?m)^CapBnd:\s+0+$", status);
        Assert.Matches(@"(?m)^NoNewPrivs:\s+1$", status);
        Assert.Matches(@"(?m)^Seccomp:\s+2$", status);
        Assert.Contains("init", await engine.ShellAsync(agent, "cat /proc/1/comm"), StringComparison.Ordinal);
        Assert.Equal("0", await engine.ShellAsync(agent, "ulimit -c"));
        Assert.Equal("40", await engine.ShellAsync(agent, "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max"));
        Assert.Equal("134217728", await engine.ShellAsync(agent, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"));
    }

    [Fact]
    public async Task Inside_OnlyItsPlacesAreWritable()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var home = await engine.NewVolumeAsync();
        var agent = await engine.RunAsync(engine.Spec("a") with { Volumes = new Dictionary<string, string> { ["/home/developer"] = home } });
        var scratch = await engine.ShellAsync(agent, "grep ' /tmp ' /proc/mounts");
        Assert.StartsWith("tmpfs", scratch, StringComparison.Ordinal);
        Assert.Subset(scratch.Split(' ')[3].Split(',').ToHashSet(), new HashSet<string> { "rw", "noexec", "nosuid", "nodev" });
        await engine.ShellAsync(agent, "touch /tmp/x /home/developer/x /var/lib/trinity/x");
        Assert.Equal("1000:1000 755", await engine.ShellAsync(agent, "stat -c '%u:%g %a' /var/lib/trinity"));
        await engine.ShellAsync(agent, "cp /bin/busybox /tmp/true; chmod +x /tmp/true; ! /tmp/true 2>/dev/null");
        var refused = await engine.Runtime.ExecAsync(agent, ["touch", "/bin/x"], Timeouts.Token);
        Assert.Contains("Read-only file system", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_SaysWhatWasAskedFor()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var agent = await engine.RunAsync(engine.Spec("a") with { PublishOnLoopback = true, ExtraHosts = ["bridge.internal:host-gateway"] });
        var host = (await engine.Api.SendAsync(HttpMethod.Get, $"/containers/{agent}/json")).GetProperty("HostConfig");
        Assert.Equal("""["ALL"]""", host.GetProperty("CapDrop").GetRawText());
        Assert.Equal("""["no-new-privileges:true"]""", host.GetProperty("SecurityOpt").GetRawText());
        Assert.True(host.GetProperty("ReadonlyRootfs").GetBoolean());
        Assert.True(host.GetProperty("Init").GetBoolean());
        Assert.False(host.GetProperty("Privileged").GetBoolean());
        Assert.Equal(("", "no", 500_000_000L, 40), (host.GetProperty("PidMode").GetString(), host.GetProperty("RestartPolicy").GetProperty("Name").GetString(), host.GetProperty("NanoCpus").GetInt64(), host.GetProperty("PidsLimit").GetInt32()));

        var details = await engine.Runtime.InspectAsync(engine.Name("a"), Timeouts.Token);
        Assert.NotNull(details);
        Assert.Equal((agent, engine.Name("a"), DockerTestImage.Reference, ContainerState.Running), (details.Id, details.Name, details.Image, details.State));
        Assert.Equal(("baked", "in"), (details.Environment["TOKEN"], details.Environment["BAKED"]));
        Assert.Equal("agent", details.Labels[AgentLabels.Platform]);
        Assert.InRange(Assert.Single(details.PublishedPorts, port => port.Key == 8090).Value, 1024, 65535);
        Assert.NotEmpty(details.Addresses["bridge"]);
        Assert.Matches(@"\d+\.\d+\.\d+\.\d+\s+bridge\.internal", await engine.ShellAsync(agent, "cat /etc/hosts"));
    }
}
