using System.Net.Http.Headers;
using System.Text;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>Tasks, handed on to the agents.</summary>
public sealed class AgentTaskTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Run_AnswersWithTheOutcome_AndWhatItWasBookedTo()
    {
        var reply = (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "echo done", "task_id": "one"}""")).Is(200);

        Assert.Equal(("one", "completed", "done"), (reply.At("task.task_id"), reply.At("task.outcome"), reply.At("task.response")));
        Assert.Equal(("1", CredentialFingerprint.Of(_bench.Token)), (reply.At("task.generation"), reply.At("task.fingerprint")));
        Assert.Equal((await _bench.GetAsync("a")).At("auth.subscription_id"), reply.At("task.subscription_id"));
    }

    [Fact]
    public async Task Run_SameIdAgain_IsTheFirstOnesResult()
    {
        const string body = """{"prompt": "echo x >> ~/runs; wc -l < ~/runs", "task_id": "one"}""";
        var first = (await _bench.Api.PostAsync("agents/a/tasks", body)).Is(200);
        Assert.Equal(first.Text, (await _bench.Api.PostAsync("agents/a/tasks", body)).Is(200).Text);
        Assert.Equal("1", first.At("task.response"));
    }

    [Fact]
    public async Task Run_WithoutAnId_CanBeAskedForLater()
    {
        var id = (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "exit 77"}""")).Is(200).At("task.task_id");

        Assert.Equal("auth_failed", (await _bench.Api.GetAsync($"agents/a/tasks/{id}")).Is(200).At("outcome"));
        (await _bench.Api.GetAsync("agents/a/tasks/never")).IsProblem(404);
    }

    [Fact]
    public async Task Stream_IsTheAgentsEvents()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/agents/a/tasks")
        {
            Content = new StringContent("""{"prompt": "echo one; echo two", "task_id": "s"}""", Encoding.UTF8, "application/json"),
            Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } },
        };

        var reply = (await _bench.Api.SendAsync(request)).Is(200);

        Assert.StartsWith("text/event-stream", reply.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Equal(["event: task", "event: output", "event: output", "event: result"], reply.Text.Split('\n').Where(line => line.StartsWith("event:", StringComparison.Ordinal)));
        Assert.Contains("data: two", reply.Text, StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"completed\"", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Running_IsListed_AndCancelled()
    {
        var running = _bench.Engine.Agent("a").Begin("long");
        Assert.Equal("running", (await _bench.Api.GetAsync("agents/a/tasks/long")).Is(200).At("outcome"));

        Assert.Equal("cancelled", (await _bench.Api.DeleteAsync("agents/a/tasks/long")).Is(200).At("outcome"));

        running.End(); // has no effect any more
        Assert.Equal([("long", "cancelled")], (await _bench.Api.GetAsync("agents/a/tasks")).Is(200).Items.Select(item => (item!["task_id"]!.GetValue<string>(), item["outcome"]!.GetValue<string>())));
    }

    [Fact]
    public async Task TooMany_IsToldWithWhenToComeAgain()
    {
        for (var number = 0; number < 4; number++)
        {
            _bench.Engine.Agent("a").Begin();
        }

        Assert.Equal("1", (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(429).Header("Retry-After"));
    }

    [Theory]
    [InlineData(500, "<html>")]
    [InlineData(200, "<html>")]
    [InlineData(200, "null")]
    [InlineData(401, "{}")]
    public async Task Garbage_IsABadGateway(int status, string body)
    {
        _bench.Engine.Script("a").Answer("/api/tasks", status, body);

        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(502);
        (await _bench.Api.GetAsync("agents/a/tasks")).IsProblem(502);
    }

    [Fact]
    public async Task ConnectionLost_NamesTheTask_WhichMayRun()
    {
        _bench.Engine.Script("a").Cut("/api/tasks");

        var problem = (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true", "task_id": "one"}""")).IsProblem(502);

        Assert.Contains("tasks/one", problem.At("detail")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotation_InTheMiddle_TheTaskFinishesOnWhatItBeganWith()
    {
        var second = await _bench.PutSubscriptionAsync("second");
        var started = Path.Combine(_bench.Engine.VolumeFolder("trinity-agent-a-home"), "started");
        var go = Path.Combine(_bench.Engine.VolumeFolder("trinity-agent-a-home"), "go");
        (await ChildProcess.RunAsync(new ChildProgram("mkfifo", go), Timeouts.Default)).Succeeded();
        var task = _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "touch ~/started; cat ~/go; printf %s \"$CLAUDE_CODE_OAUTH_TOKEN\" > ~/old"}""");
        await Eventually.TrueAsync(() => File.Exists(started), "the task runs");

        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "printf %s \"$CLAUDE_CODE_OAUTH_TOKEN\" > ~/new"}""")).Is(200);
        await File.WriteAllTextAsync(go, "go\n", Timeouts.Token);

        Assert.Equal(("completed", "1"), ((await task).Is(200).At("task.outcome"), (await task).At("task.generation")));
        Assert.Equal((_bench.Token, second), (Read("old"), Read("new")));
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(_bench.Engine.VolumeFolder("trinity-agent-a-home"), name));
}
