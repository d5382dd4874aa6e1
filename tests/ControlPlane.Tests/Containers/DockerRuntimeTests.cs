using System.Text.Json;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class DockerRuntimeTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["a"] = "b&c" };

    [Fact]
    public async Task Version_IsAskedOnceAndAgreedOn()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.WithVersion("""{"Version":"29.0","ApiVersion":"1.52","MinAPIVersion":"1.44"}""")
            .Expect("POST /v1.47/containers/a/start", 204)
            .Expect("POST /v1.47/containers/a/start", 304);
        await engine.Runtime.StartAsync("a", Timeouts.Token);
        await engine.Runtime.StartAsync("a", Timeouts.Token);
        Assert.Equal(1, engine.Negotiations);
        Assert.Equal(new EngineVersion("29.0", "1.47"), await engine.Runtime.VersionAsync(Timeouts.Token));
    }

    [Fact]
    public async Task Version_EngineReplacedByAnother_IsAgreedOnAnew()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.WithVersion("""{"Version":"29.0","ApiVersion":"1.47"}""")
            .Expect("POST /v1.47/containers/a/start", 400, """{"message":"client version 1.47 is too new"}""")
            .Expect("POST /v1.41/containers/a/start", 204);
        var refused = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync("a", Timeouts.Token));
        Assert.Equal("client version 1.47 is too new", refused.Message);
        engine.WithVersion(FakeEngine.Version);
        await engine.Runtime.StartAsync("a", Timeouts.Token);
    }

    [Fact]
    public async Task Create_SendsTheEnvelope_AndRefusesOtherImages()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/create?name=agent-a", 201, """{"Id":"0123","Warnings":[]}""");
        Assert.Equal("0123", await engine.Runtime.CreateAsync(Spec("trinity-agent:1"), Timeouts.Token));
        Assert.True(engine.Bodies.TryDequeue(out var body));
        Assert.Equal(JsonSerializer.Serialize(SecurityEnvelope.Apply(Spec("trinity-agent:1")), EngineJson.Default.CreateContainerRequest), body);

        var refused = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.CreateAsync(Spec("alpine:3"), Timeouts.Token));
        Assert.Contains("'alpine:3' is not allowed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_HaveTheirPaths()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/a/stop?t=3", 204)
            .Expect("POST /v1.41/containers/a/rename?name=b", 204)
            .Expect("DELETE /v1.41/containers/b?v=1&force=1", 204)
            .Expect("DELETE /v1.41/containers/b?v=1", 404, """{"message":"No such container: b"}""")
            .Expect("POST /v1.41/volumes/create", 201, """{"Name":"v"}""")
            .Expect("DELETE /v1.41/volumes/v", 404, """{"message":"get v: no such volume"}""")
            .Expect("GET /v1.41/networks/n", 200, """{"Name":"name-of-an-id-that-begins-with-n"}""")
            .Expect("POST /v1.41/networks/create", 409, """{"message":"network with name n already exists"}""")
            .Expect("GET /v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%5Cu0026c%22%5D%7D", 200, """[{"Id":"1","Names":["/x"],"Image":"i","State":"exited","Labels":null}]""")
            .Expect("GET /v1.41/images/trinity-agent:1/json", 404, """{"message":"No such image"}""")
            .Expect("GET /v1.41/containers/gone/json", 404, """{"message":"No such container"}""");
        await engine.Runtime.StopAsync("a", TimeSpan.FromSeconds(2.5), Timeouts.Token);
        await engine.Runtime.RenameAsync("a", "b", Timeouts.Token);
        await engine.Runtime.RemoveAsync("b", force: true, Timeouts.Token);
        await engine.Runtime.RemoveAsync("b", force: false, Timeouts.Token);
        await engine.Runtime.CreateVolumeAsync("v", Labels, Timeouts.Token);
        await engine.Runtime.RemoveVolumeAsync("v", Timeouts.Token);
        await engine.Runtime.EnsureNetworkAsync("n", Timeouts.Token);
        Assert.Equal(("1", "x", ContainerState.Exited), Assert.Single(await engine.Runtime.ListAsync(Labels, Timeouts.Token)) is var item ? (item.Id, item.Name, item.State) : default);
        Assert.Null(await engine.Runtime.InspectImageAsync("trinity-agent:1", Timeouts.Token));
        Assert.Null(await engine.Runtime.InspectAsync("gone", Timeouts.Token));
        Assert.Contains("""{"Name":"v","Driver":"local","Labels":{"a":"b\u0026c","trinity.platform":"agent"}}""", engine.Bodies);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../version")]
    [InlineData("a/b")]
    [InlineData("a?force=1")]
    [InlineData("")]
    public async Task Names_ThatLeadElsewhere_AreNotSent(string name)
    {
        await using var engine = await FakeEngine.StartAsync();
        await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync(name, Timeouts.Token));
        await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.RenameAsync("a", name, Timeouts.Token));
        await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.RemoveVolumeAsync(name, Timeouts.Token));
    }

    [Fact]
    public async Task Inspect_Reply_IsRead()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("GET /v1.41/containers/a/json", 200, """
            {"Id":"1","Name":"/agent-a","State":{"Status":"running","ExitCode":0,"OOMKilled":true,"StartedAt":"2026-11-21T08:44:11.123456789Z"},
             "Config":{"Image":"trinity-agent:1","Env":["A=1=2","B"],"Labels":{"l":"v"}},
             "NetworkSettings":{"Ports":{"8090/tcp":[{"HostIp":"0.0.0.0","HostPort":"1"},{"HostIp":"127.0.0.1","HostPort":"2"}],"22/tcp":null,"53/udp":[{"HostIp":"127.0.0.1","HostPort":"3"}]},
                                "Networks":{"n":{"IPAddress":"10.0.0.2"},"m":{"IPAddress":""}}}}
            """);
        var details = await engine.Runtime.InspectAsync("a", Timeouts.Token);
        Assert.NotNull(details);
        Assert.Equal(("1", "agent-a", "trinity-agent:1", ContainerState.Running, true), (details.Id, details.Name, details.Image, details.State, details.OutOfMemory));
        Assert.Null(details.ExitCode);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 8, 44, 11, TimeSpan.Zero).AddTicks(1234567), details.StartedAt);
        Assert.Equal(new Dictionary<string, string> { ["A"] = "1=2", ["B"] = "" }, details.Environment);
        Assert.Equal(new Dictionary<int, int> { [8090] = 2 }, details.PublishedPorts);
        Assert.Equal(new Dictionary<string, string> { ["n"] = "10.0.0.2" }, details.Addresses);
    }

    [Fact]
    public async Task Stats_BothKindsOfControlGroups_AreRead()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("GET /v1.41/containers/a/stats?stream=false", 200, """
                {"cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":2000,"online_cpus":4},"precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1600},
                 "memory_stats":{"usage":1000,"limit":5000,"stats":{"inactive_file":1,"total_inactive_file":300}},"pids_stats":{"current":7}}
                """)
            .Expect("GET /v1.41/containers/a/stats?stream=false", 200, """{"memory_stats":{"usage":1000,"stats":{"inactive_file":100}}}""");
        Assert.Equal(new ContainerStats(2, 700, 5000, 7), await engine.Runtime.StatsAsync("a", Timeouts.Token));
        Assert.Equal(new ContainerStats(0, 900, 0, 0), await engine.Runtime.StatsAsync("a", Timeouts.Token));
    }

    [Fact]
    public async Task Exec_WaitsForTheExitCode()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/a/exec", 201, """{"Id":"e"}""")
            .Expect("POST /v1.41/exec/e/start", context => FakeEngine.SendAsync(context, FakeEngine.Frame(1, "out"), FakeEngine.Frame(2, "err"), FakeEngine.Frame(1, "put")))
            .Expect("GET /v1.41/exec/e/json", 200, """{"Running":true,"ExitCode":null}""")
            .Expect("GET /v1.41/exec/e/json", 200, """{"Running":false,"ExitCode":3}""");
        Assert.Equal(new ExecResult(3, "output", "err"), await engine.Runtime.ExecAsync("a", ["id", "-u"], Timeouts.Token));
        Assert.Equal("""{"AttachStdout":true,"AttachStderr":true,"Cmd":["id","-u"]}""", engine.Bodies.First());
    }

    private static ContainerSpec Spec(string image) => new()
    {
        Name = "agent-a",
        Image = image,
        Environment = new Dictionary<string, string>(),
        Labels = Labels,
        Volumes = new Dictionary<string, string>(),
        Port = 8090,
    };
}
