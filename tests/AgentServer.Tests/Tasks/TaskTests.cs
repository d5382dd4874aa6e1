using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Tasks;

public sealed class TaskTests
{
    private const string Echo = """echo "you said: $(cat)" """;

    private const string Waits = """
        prompt=$(cat)
        echo run >> "$BENCH/runs"
        touch "$BENCH/started-$prompt"
        read go < "$BENCH/gate-$prompt"
        echo "done $prompt"
        """;

    /// <summary>Ignores the polite signal, as do a job of its own that has cleared its environment and one that has left its tree.</summary>
    private const string Stubborn = """
        trap '' TERM
        bench=$BENCH
        env -i sh -c 'trap "" TERM; while :; do read x < "$1/gate-x"; done' sh "$bench" &
        echo $! > "$bench/child"
        sh -c 'while :; do read x < "$BENCH/gate-x"; done & echo $! > "$BENCH/orphan"'
        touch "$bench/started-x"
        while :; do read x < "$bench/gate-x"; done
        """;

    [Fact]
    public async Task Post_Prompt_RunsAndAnswers()
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Echo);

        var task = await server.RunAsync(new TaskRequest { Prompt = "hello" });

        Assert.Equal((TaskOutcome.Completed, "you said: hello", 0, null), (task.Outcome, task.Response, task.ExitCode, task.Error));
        Assert.NotNull(task.EndedAt);
        Assert.Equal(task, await server.TaskAsync(task.TaskId));
        Assert.Equal([task], await server.TasksAsync());
        Assert.Contains("trinity_agent_tasks_total{outcome=\"completed\"}", await server.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_SameIdFiftyTimesAtOnce_StartsOneProcess()
    {
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Waits);
        var request = new TaskRequest { TaskId = "one", Prompt = "one" };

        var posts = Enumerable.Range(0, 50).Select(_ => server.RunAsync(request)).ToList();
        await bench.WhenWrittenAsync("started-one");
        await AgentBench.ReleaseAsync(gate);
        var tasks = await Task.WhenAll(posts);
        var later = await server.RunAsync(request with { Prompt = "another" });

        Assert.All(tasks, task => Assert.Equal(tasks[0], task));
        Assert.Equal(tasks[0], later);
        Assert.Equal("run\n", bench.Read("runs"));
    }

    [Fact]
    public async Task Post_IdWhoseResultIsNoLongerHeld_Is410AndNotRunAgain()
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Echo, settings: "FinishedTasks=1");
        await server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "x" });
        await server.RunAsync(new TaskRequest { TaskId = "two", Prompt = "x" });

        using var response = await server.PostTaskAsync(new TaskRequest { TaskId = "one", Prompt = "x" });

        Assert.Equal(HttpStatusCode.Gone, response.StatusCode);
        Assert.Equal("two", Assert.Single(await server.TasksAsync()).TaskId);
    }

    [Fact]
    public async Task Post_MoreThanTheLimit_Is429UntilOneEnds()
    {
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Waits, settings: "MaxParallelTasks=1");
        var running = server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "one" });
        await bench.WhenWrittenAsync("started-one");

        using var refused = await server.PostTaskAsync(new TaskRequest { Prompt = "two" });
        var listed = Assert.Single(await server.TasksAsync());
        await AgentBench.ReleaseAsync(gate);
        await running;
        await bench.GateAsync("gate-two");
        var second = server.RunAsync(new TaskRequest { Prompt = "two" });
        await bench.WhenWrittenAsync("started-two");
        await AgentBench.ReleaseAsync(Path.Combine(bench.Folder, "gate-two"));

        Assert.Equal((429, "1"), ((int)refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        Assert.Equal(("one", TaskOutcome.Running), (listed.TaskId, listed.Outcome));
        Assert.Equal("done two", (await second).Response);
    }

    [Fact]
    public async Task Post_ClientLeaves_TaskGoesOnAndCanBeAskedFor()
    {
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Waits);
        using var leave = new CancellationTokenSource();
        var post = server.PostTaskAsync(new TaskRequest { TaskId = "one", Prompt = "one" }, leave.Token);
        await bench.WhenWrittenAsync("started-one");

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => post);
        Assert.Equal(TaskOutcome.Running, (await server.TaskAsync("one")).Outcome);
        await AgentBench.ReleaseAsync(gate);
        var task = await server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "one" }); // joins

        Assert.Equal((TaskOutcome.Completed, "done one"), (task.Outcome, task.Response));
        Assert.Equal("run\n", bench.Read("runs"));
    }

    [Fact]
    public async Task Delete_StubbornTaskWithBackgroundJobs_AllOfItIsDead()
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate-x");
        var server = await bench.StartAsync(Stubborn, settings: "CancelGrace=00:00:00.2");
        var running = server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "x" });
        await bench.WhenWrittenAsync("started-x");

        using var response = await server.Client.DeleteAsync("/api/tasks/one", Timeouts.Token);

        var deleted = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(Timeouts.Token), AgentApiJson.Default.TaskView)!;
        Assert.Equal((TaskOutcome.Cancelled, "The task was cancelled."), (deleted.Outcome, deleted.Error));
        Assert.Equal(deleted, await running);
        await AssertDeadAsync(bench);
    }

    [Fact]
    public async Task Timeout_Passed_TaskIsEndedAndSaysSoWithStatus200()
    {
        var time = new ManualTimeProvider();
        await using var bench = new AgentBench();
        await bench.GateAsync("gate-x");
        var server = await bench.StartAsync(Stubborn, configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var running = server.RunAsync(new TaskRequest { Prompt = "x", TimeoutSeconds = 7 });
        await bench.WhenWrittenAsync("started-x");
        await time.WhenArmedAsync(1, Timeouts.Token);

        time.Advance(TimeSpan.FromSeconds(7));
        await time.WhenArmedAsync(1, Timeouts.Token); // the grace
        time.Advance(TimeSpan.FromSeconds(1));
        var task = await running;

        Assert.Equal((TaskOutcome.Timeout, "The task was ended after 00:00:07."), (task.Outcome, task.Error));
        await AssertDeadAsync(bench);
    }

    [Fact]
    public async Task Post_ServerSentEvents_TaskLinesAndResultComeAsTheyHappen()
    {
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync("""
            echo '{"first":"sk-ant-oat01-abcdEFGH0123456789"}'
            read go < "$BENCH/gate-one"
            printf 'last\rline'
            """);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/tasks") { Content = new StringContent("""{"task_id":"one","prompt":"x"}""", encoding: null, "application/json") };
        request.Headers.Accept.ParseAdd("text/event-stream");

        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        await using var stream = await response.Content.ReadAsStreamAsync(Timeouts.Token);
        var events = new List<SseItem<string>>();
        await foreach (var happened in SseParser.Create(stream).EnumerateAsync(Timeouts.Token))
        {
            events.Add(happened);
            if (events.Count == 2)
            {
                await AgentBench.ReleaseAsync(gate); // the first line is here while the task still runs
            }
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["task", "output", "output", "result"], events.Select(happened => happened.EventType));
        Assert.Equal(["""{"first":"***"}""", "last line"], events[1..3].Select(happened => happened.Data));
        Assert.Equal((TaskOutcome.Running, TaskOutcome.Completed), (View(events[0]).Outcome, View(events[3]).Outcome));
        Assert.Equal(View(events[3]), await server.TaskAsync("one"));
    }

    [Fact]
    public async Task Stop_WhileATaskRuns_NewOnesAre503AndItFinishes()
    {
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Waits);
        var running = server.RunAsync(new TaskRequest { Prompt = "one" });
        await bench.WhenWrittenAsync("started-one");

        var stopping = server.StopAsync();
        using var refused = await server.PostTaskAsync(new TaskRequest { Prompt = "two" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.False(stopping.IsCompleted);
        await AgentBench.ReleaseAsync(gate);

        Assert.Equal(TaskOutcome.Completed, (await running).Outcome);
        await stopping;
    }

    [Fact]
    public async Task Stop_TaskBeyondTheDeadline_IsCancelled()
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate-x");
        var server = await bench.StartAsync(Stubborn, settings: ["ShutdownDeadline=00:00:00", "CancelGrace=00:00:00"]);
        var running = server.RunAsync(new TaskRequest { Prompt = "x" });
        await bench.WhenWrittenAsync("started-x");

        await server.StopAsync();

        Assert.Equal(TaskOutcome.Cancelled, (await running).Outcome);
        await AssertDeadAsync(bench);
    }

    [Fact]
    public async Task End_BackgroundJobHoldsTheOutput_TaskEndsAllTheSame()
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate-x");
        var server = await bench.StartAsync("""
            (read x < "$BENCH/gate-x") &
            echo answered
            """);

        var task = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await AgentBench.ReleaseAsync(Path.Combine(bench.Folder, "gate-x"));

        Assert.Equal((TaskOutcome.Completed, "answered"), (task.Outcome, task.Response));
    }

    [Fact]
    public async Task Post_BadRequest_NamesEveryMember()
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Echo);

        using var response = await server.PostTaskAsync(new TaskRequest { TaskId = "a b", SessionId = "--dangerous", Model = "-m", TimeoutSeconds = 0, AllowedTools = [""] });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Timeouts.Token));
        Assert.Equal(["prompt", "task_id", "session_id", "model", "allowed_tools", "timeout_seconds"], problem.RootElement.GetProperty("errors").EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("not json", 400)]
    [InlineData("""{"prompt":null}""", 400)]
    public async Task Post_Malformed_IsAProblem(string body, int status)
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Echo);
        using var response = await server.Client.PostAsync("/api/tasks", new StringContent(body, encoding: null, "application/json"), Timeouts.Token);
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Task_Unknown_Is404(string method)
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Echo);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/tasks/nobody");
        using var response = await server.Client.SendAsync(request, Timeouts.Token);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static TaskView View(SseItem<string> happened) => JsonSerializer.Deserialize(happened.Data, AgentApiJson.Default.TaskView)!;

    // A killed orphan may wait for its new parent to collect it.
    private static Task AssertDeadAsync(AgentBench bench) => Eventually.TrueAsync(() => IsDead(bench.Read("child")) && IsDead(bench.Read("orphan")), "the background jobs have been killed");

    private static bool IsDead(string processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId.Trim()}/status").Contains("State:\tZ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
