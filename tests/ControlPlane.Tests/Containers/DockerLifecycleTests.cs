using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>What an agent's container keeps and loses, and what the engine refuses; with a real engine.</summary>
public sealed class DockerLifecycleTests(DockerFixture docker)
{
    private const string Override = SecurityEnvelope.StateDirectory + "/credential";

    [Fact]
    public async Task StopAndStart_KeepsTheState_RecreateDropsIt()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var spec = engine.Spec("a") with { Volumes = new Dictionary<string, string> { ["/home/developer"] = await engine.NewVolumeAsync() } };
        var first = await engine.RunAsync(spec);
        await engine.ShellAsync(first, $"echo rotated > {Override}; echo work > /home/developer/work");

        await engine.Runtime.StopAsync(first, TimeSpan.FromSeconds(10), Timeouts.Token);
        await engine.Runtime.StopAsync(first, TimeSpan.FromSeconds(10), Timeouts.Token);
        Assert.Equal((ContainerState.Exited, 0), await engine.Runtime.InspectAsync(first, Timeouts.Token) is { } stopped ? (stopped.State, stopped.ExitCode) : default);
        await engine.Runtime.StartAsync(first, Timeouts.Token);
        await engine.Runtime.StartAsync(first, Timeouts.Token);
        Assert.Equal("rotated", await engine.ShellAsync(first, $"cat {Override}"));
        var state = await AnonymousVolumeAsync(engine, first);

        await engine.Runtime.RemoveAsync(first, force: true, Timeouts.Token);
        await engine.Runtime.RemoveAsync(first, force: true, Timeouts.Token);
        var second = await engine.RunAsync(spec);
        Assert.NotEqual(first, second);
        Assert.Equal("work", await engine.ShellAsync(second, $"cat /home/developer/work; ls {SecurityEnvelope.StateDirectory}"));
        var left = await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Api.SendAsync(HttpMethod.Get, $"/volumes/{state}"));
        Assert.Contains("404", left.Message, StringComparison.Ordinal); // a token does not stay on the engine's disk
    }

    [Fact]
    public async Task Name_Taken_IsAConflict()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        await engine.Runtime.CreateAsync(engine.Spec("a"), Timeouts.Token);
        var other = await engine.Runtime.CreateAsync(engine.Spec("b"), Timeouts.Token);
        Assert.Equal(EngineFault.Conflict, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.CreateAsync(engine.Spec("a"), Timeouts.Token))).Fault);
        Assert.Equal(EngineFault.Conflict, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.RenameAsync(other, engine.Name("a"), Timeouts.Token))).Fault);
        await engine.Runtime.RenameAsync(other, engine.Name("c"), Timeouts.Token);
        var listed = await engine.Runtime.ListAsync(engine.Labels, Timeouts.Token);
        Assert.Equal([(engine.Name("a"), ContainerState.Created), (engine.Name("c"), ContainerState.Created)], listed.Select(item => (item.Name, item.State)).Order());
    }

    [Fact]
    public async Task Image_Missing_IsNotFound()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var missing = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.CreateAsync(engine.Spec("a") with { Image = "trinity-agent:never-made" }, Timeouts.Token));
        Assert.Equal(EngineFault.NotFound, missing.Fault);
        Assert.Contains("trinity-agent:never-made", missing.Message, StringComparison.Ordinal);
        Assert.Null(await engine.Runtime.InspectImageAsync("trinity-agent:never-made", Timeouts.Token));
        var image = await engine.Runtime.InspectImageAsync(DockerTestImage.Reference, Timeouts.Token);
        Assert.NotNull(image);
        Assert.Contains(DockerTestImage.Reference, image.Tags);
        Assert.Equal("yes", image.Labels["trinity.test"]);
        Assert.Empty(await engine.Runtime.ListAsync(engine.Labels, Timeouts.Token));
    }

    [Fact]
    public async Task Port_Taken_IsAConflictAndTheOtherRunsOn()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var first = await engine.RunAsync(engine.Spec("a") with { PublishOnLoopback = true });
        var port = (await engine.Runtime.InspectAsync(first, Timeouts.Token))!.PublishedPorts[8090];
        var binding = $$"""{"PortBindings":{"8090/tcp":[{"HostIp":"127.0.0.1","HostPort":"{{port}}"}]} }""";
        var body = $$"""{"Image":"{{DockerTestImage.Reference}}","Labels":{"trinity.test":"{{engine.Labels["trinity.test"]}}"},"ExposedPorts":{"8090/tcp":{} },"HostConfig":{{binding}} }""";
        var second = (await engine.Api.SendAsync(HttpMethod.Post, $"/containers/create?name={engine.Name("b")}", DockerApi.Json(body))).GetProperty("Id").GetString()!;
        var taken = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync(second, Timeouts.Token));
        Assert.True(taken.Fault == EngineFault.Conflict, taken.Message);
        Assert.Equal(ContainerState.Running, (await engine.Runtime.InspectAsync(first, Timeouts.Token))!.State);
        Assert.Equal(ContainerState.Created, (await engine.Runtime.InspectAsync(second, Timeouts.Token))!.State);
    }

    [Fact]
    public async Task Missing_Container_IsNotFound()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        Assert.Null(await engine.Runtime.InspectAsync(engine.Name("a"), Timeouts.Token));
        Assert.Equal(EngineFault.NotFound, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync(engine.Name("a"), Timeouts.Token))).Fault);
        Assert.Equal(EngineFault.NotFound, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StopAsync(engine.Name("a"), TimeSpan.Zero, Timeouts.Token))).Fault);
    }

    [Fact]
    public async Task Volume_InUse_IsAConflict_AndMadeTwiceIsOne()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var volume = await engine.NewVolumeAsync();
        await engine.Runtime.CreateVolumeAsync(volume, engine.Labels, Timeouts.Token);
        var agent = await engine.Runtime.CreateAsync(engine.Spec("a") with { Volumes = new Dictionary<string, string> { ["/home/developer"] = volume } }, Timeouts.Token);
        Assert.Equal(EngineFault.Conflict, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.RemoveVolumeAsync(volume, Timeouts.Token))).Fault);
        await engine.Runtime.RemoveAsync(agent, force: false, Timeouts.Token);
        await engine.Runtime.RemoveVolumeAsync(volume, Timeouts.Token);
        await engine.Runtime.RemoveVolumeAsync(volume, Timeouts.Token);
    }

    [Fact]
    public async Task Network_ByName_AgentsReachOneAnother()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var network = engine.Name("net");
        await engine.Runtime.EnsureNetworkAsync(network, Timeouts.Token);
        await engine.Runtime.EnsureNetworkAsync(network, Timeouts.Token);
        try
        {
            var agent = await engine.RunAsync(engine.Spec("a") with { Network = network });
            var details = await engine.Runtime.InspectAsync(agent, Timeouts.Token);
            Assert.Equal([network], details!.Addresses.Keys);
            Assert.Empty(details.PublishedPorts);
            await engine.Runtime.RemoveAsync(agent, force: true, Timeouts.Token);
        }
        finally
        {
            await engine.Api.SendAsync(HttpMethod.Delete, $"/networks/{network}");
        }
    }

    private static async Task<string> AnonymousVolumeAsync(RealEngine engine, string container)
    {
        var mounts = (await engine.Api.SendAsync(HttpMethod.Get, $"/containers/{container}/json")).GetProperty("Mounts");
        return mounts.EnumerateArray().Single(mount => mount.GetProperty("Destination").GetString() == SecurityEnvelope.StateDirectory).GetProperty("Name").GetString()!;
    }
}
