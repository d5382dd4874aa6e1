using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AgentServer.Redaction;
using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Tasks;

/// <summary>What a task leaves running has the task's credential, and is counted for as long as it has.</summary>
public sealed class BackgroundJobTests
{
    private const string Job = """sh -c 'echo $$ > "$BENCH/job"; while :; do read x < "$BENCH/gate"; exit; done' > /dev/null 2>&1 &""";

    private const string Answers = """

        while [ ! -s "$BENCH/job" ]; do :; done
        echo answered
        """;

    [Theory]
    [InlineData("")]
    [InlineData("nohup ")]
    [InlineData("setsid ")]
    public async Task End_JobGoesOn_OldCredentialCountsAsInUseUntilTheJobHasEnded(string by)
    {
        var (old, next) = (Canaries.New("custom"), Canaries.New("custom"));
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate");
        var server = await bench.StartAsync(by + Job + Answers);
        var redactor = server.Services.GetRequiredService<Redactor>();
        await server.ReloadAsync(AgentBench.Reload(1, old));

        var task = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await server.ReloadAsync(AgentBench.Reload(2, next));
        var between = await server.StatusAsync();

        Assert.Equal((TaskOutcome.Completed, "answered"), (task.Outcome, task.Response));
        Assert.Equal([new RunningTasks(1, AgentBench.Subscription(1), CredentialFingerprint.Of(old), 1)], between.RunningTasks);
        Assert.Equal("***", redactor.Redact(old));
        Assert.Equal([task], await server.TasksAsync());
        await AgentBench.ReleaseAsync(gate);
        await Eventually.TrueAsync(async () => (await server.StatusAsync()).RunningTasks.Count == 0, "the job has ended");
        Assert.Equal(old, redactor.Redact(old));
    }

    [Fact]
    public async Task End_JobGoesOn_TakesNoPlaceOfARunningTask()
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate");
        var server = await bench.StartAsync(Job + Answers, settings: "MaxParallelTasks=1");
        await server.RunAsync(new TaskRequest { Prompt = "x" });

        var second = await server.RunAsync(new TaskRequest { Prompt = "x" });

        Assert.Equal(TaskOutcome.Completed, second.Outcome);
        Assert.Equal(2, Assert.Single((await server.StatusAsync()).RunningTasks).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("trap '' TERM; ")] // and it is inherited
    public async Task Delete_EndedTaskWithAJob_JobIsEndedAndItsCredentialFree(string before)
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate");
        var server = await bench.StartAsync(before + Job + Answers, settings: "CancelGrace=00:00:00.2");
        var ended = await server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "x" });

        using var response = await server.Client.DeleteAsync("/api/tasks/one", Timeouts.Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(ended, JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(Timeouts.Token), AgentApiJson.Default.TaskView));
        await Eventually.TrueAsync(() => IsDead(bench), "the job has been ended");
        await Eventually.TrueAsync(async () => (await server.StatusAsync()).RunningTasks.Count == 0, "its credential is out of use");
    }

    [Fact]
    public async Task Stop_JobGoesOn_IsKilled()
    {
        await using var bench = new AgentBench();
        await bench.GateAsync("gate");
        var server = await bench.StartAsync(Job + Answers);
        await server.RunAsync(new TaskRequest { Prompt = "x" });

        await server.StopAsync();

        await Eventually.TrueAsync(() => IsDead(bench), "the job has been killed");
    }

    private static bool IsDead(AgentBench bench)
    {
        try
        {
            return File.ReadAllText($"/proc/{bench.Read("job").Trim()}/status").Contains("State:\tZ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
