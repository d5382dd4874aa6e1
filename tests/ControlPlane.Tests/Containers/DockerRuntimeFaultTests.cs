using System.Text;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>An engine that refuses, breaks or is away: always an <see cref="EngineException"/> with its kind.</summary>
public sealed class DockerRuntimeFaultTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["a"] = "b" };

    [Theory]
    [InlineData(404, """{"message":"No such container: a"}""", nameof(EngineFault.NotFound), "No such container: a")]
    [InlineData(409, """{"message":"The container name is in use"}""", nameof(EngineFault.Conflict), "The container name is in use")]
    [InlineData(500, """{"message":"driver failed: Bind for 127.0.0.1:80 failed: port is already allocated"}""", nameof(EngineFault.Conflict), "driver failed: Bind for 127.0.0.1:80 failed: port is already allocated")]
    [InlineData(500, """{"message":"listen tcp4 127.0.0.1:80: bind: address already in use"}""", nameof(EngineFault.Conflict), "listen tcp4 127.0.0.1:80: bind: address already in use")]
    [InlineData(500, """{"message":"mkdir /x: no space left on device"}""", nameof(EngineFault.Failed), "mkdir /x: no space left on device")]
    [InlineData(503, "<html>", nameof(EngineFault.Failed), "The container engine answered 503.")]
    [InlineData(500, "", nameof(EngineFault.Failed), "The container engine answered 500.")]
    public async Task Refusal_IsTheEnginesWords(int status, string body, string fault, string message)
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/a/start", status, body);
        var refused = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync("a", Timeouts.Token));
        Assert.Equal((fault, message), (refused.Fault.ToString(), refused.Message));
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("null")]
    [InlineData("{\"State\":\"text\"}")]
    [InlineData("{\"Id\":\"1\"")]
    [InlineData("{\"State\":{\"Status\":\"unheard-of\"}}")]
    public async Task Garbage_IsAFailure(string body)
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("GET /v1.41/containers/a/json", 200, body);
        var failed = await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.InspectAsync("a", Timeouts.Token));
        Assert.Equal(EngineFault.Failed, failed.Fault);
    }

    [Fact]
    public async Task NoSocket_IsUnreachable()
    {
        using var client = new EngineClient(Options.Create(new ControlPlaneOptions { Engine = "unix:///nowhere/engine.sock" }), TimeProvider.System);
        var away = await Assert.ThrowsAsync<EngineException>(() => client.NegotiateAsync(Timeouts.Token));
        Assert.Equal(EngineFault.Unreachable, away.Fault);
        Assert.Contains("unix:///nowhere/engine.sock", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoAddress_IsUnreachable_WhenItIsNeeded()
    {
        using var client = new EngineClient(Options.Create(new ControlPlaneOptions { Engine = "ssh://engine" }), TimeProvider.System);
        var away = await Assert.ThrowsAsync<EngineException>(() => client.NegotiateAsync(Timeouts.Token));
        Assert.Equal(EngineFault.Unreachable, away.Fault);
        Assert.Contains("'ssh://engine' is no address", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedConnection_IsUnreachable()
    {
        using var client = new EngineClient(Options.Create(new ControlPlaneOptions { Engine = $"tcp://127.0.0.1:{FreePort.Next()}" }), TimeProvider.System);
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => client.NegotiateAsync(Timeouts.Token))).Fault);
    }

    [Fact]
    public async Task StoppedEngine_IsUnreachable()
    {
        await using var engine = await FakeEngine.StartAsync();
        await engine.Runtime.VersionAsync(Timeouts.Token);
        await engine.StopAsync();
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.ListAsync(Labels, Timeouts.Token))).Fault);
    }

    [Fact]
    public async Task ConnectionCutBeforeTheAnswer_IsUnreachable()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/a/start", context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }); // and it is not sent again: it may have been heard
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.StartAsync("a", Timeouts.Token))).Fault);
    }

    [Fact]
    public async Task ConnectionCutInTheAnswer_IsUnreachable()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("GET /v1.41/containers/a/json", context => FakeEngine.SendAndCutAsync(context, "{\"Id\":"u8.ToArray()));
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.InspectAsync("a", Timeouts.Token))).Fault);
    }

    [Fact]
    public async Task Silence_EndsAtTheCallsLimit()
    {
        var time = new ManualTimeProvider();
        await using var engine = await FakeEngine.StartAsync(time);
        var asked = new TaskCompletionSource();
        engine.Expect("GET /v1.41/containers/a/json", async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        var inspect = engine.Runtime.InspectAsync("a", Timeouts.Token);
        await asked.Task.WaitAsync(Timeouts.Token);
        time.Advance(EngineClient.QuickLimit);
        var late = await Assert.ThrowsAsync<EngineException>(() => inspect);
        Assert.Equal(EngineFault.Unreachable, late.Fault);
        Assert.Contains("did not answer within 30 s", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_StaysWhatItIs()
    {
        await using var engine = await FakeEngine.StartAsync();
        using var cancelled = new CancellationTokenSource();
        engine.Expect("GET /v1.41/containers/a/json", async context =>
        {
            await cancelled.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.Runtime.InspectAsync("a", cancelled.Token));
    }

    [Fact]
    public async Task Logs_HaveNoLimitOnceTheyFlow()
    {
        var time = new ManualTimeProvider();
        await using var engine = await FakeEngine.StartAsync(time);
        var more = new TaskCompletionSource();
        engine.Expect("GET /v1.41/containers/a/logs?stdout=1&stderr=1&tail=5&follow=1", async context =>
        {
            await FakeEngine.SendAsync(context, FakeEngine.Frame(1, "one\ntw"));
            await more.Task;
            await FakeEngine.SendAsync(context, FakeEngine.Frame(1, "o\n"), FakeEngine.Frame(2, "three"));
        });
        await using var lines = engine.Runtime.LogsAsync("a", 5, follow: true, Timeouts.Token).GetAsyncEnumerator(Timeouts.Token);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal(new LogLine(false, "one"), lines.Current);
        time.Advance(TimeSpan.FromHours(3));
        more.SetResult();
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal(new LogLine(false, "two"), lines.Current);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal(new LogLine(true, "three"), lines.Current);
        Assert.False(await lines.MoveNextAsync());
    }

    [Fact]
    public async Task Logs_CutInAFrame_GiveTheWholeLinesAndAreUnreachable()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect(
            "GET /v1.41/containers/a/logs?stdout=1&stderr=1&tail=5&follow=1",
            context => FakeEngine.SendAndCutAsync(context, FakeEngine.Frame(1, "one\ntwo\nhalf"), FakeEngine.Frame(1, " a frame")[..12]));
        var lines = new List<string>();
        var broken = await Assert.ThrowsAsync<EngineException>(async () =>
        {
            await foreach (var line in engine.Runtime.LogsAsync("a", 5, follow: true, Timeouts.Token))
            {
                lines.Add(line.Text);
            }
        });
        Assert.Equal(EngineFault.Unreachable, broken.Fault);
        Assert.Equal(["one", "two"], lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_EndOfTheStream_IsUnreachable(bool cut)
    {
        var time = new ManualTimeProvider();
        await using var engine = await FakeEngine.StartAsync(time);
        var since = time.GetUtcNow().ToUnixTimeSeconds();
        engine.Expect($"GET /v1.41/events?since={since}.000&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%2C%22type%22%3A%5B%22container%22%5D%7D", context =>
        {
            byte[][] pieces = [Encoding.UTF8.GetBytes("""{"Action":"die","Actor":{"ID":"c","Attributes":{"a":"b"}},"timeNano":1}""" + "\n"), "{\"Acti"u8.ToArray()];
            return cut ? FakeEngine.SendAndCutAsync(context, pieces) : FakeEngine.SendAsync(context, pieces);
        });
        var events = engine.Runtime.EventsAsync(Labels, Timeouts.Token);
        time.Advance(TimeSpan.FromMinutes(1)); // the stream begins where it was asked for, not where it is first read
        await using var each = events.GetAsyncEnumerator(Timeouts.Token);
        Assert.True(await each.MoveNextAsync());
        Assert.Equal(("die", "c"), (each.Current.Action, each.Current.ContainerId));
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => each.MoveNextAsync().AsTask())).Fault);
    }

    [Fact]
    public async Task Exec_EngineGoesAwayInTheOutput_IsUnreachable()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Expect("POST /v1.41/containers/a/exec", 201, """{"Id":"e"}""")
            .Expect("POST /v1.41/exec/e/start", context => FakeEngine.SendAndCutAsync(context, FakeEngine.Frame(1, "some output")[..10]));
        Assert.Equal(EngineFault.Unreachable, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.ExecAsync("a", ["true"], Timeouts.Token))).Fault);
    }
}
