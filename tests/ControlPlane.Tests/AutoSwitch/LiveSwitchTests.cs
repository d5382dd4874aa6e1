using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>Switches of agents that run: tasks through the control plane, on real agent servers.</summary>
public sealed class LiveSwitchTests : IAsyncLifetime
{
    private const string RefusedOnce = """{"prompt": "test -e tried || { touch tried; exit 75; }; echo done", "task_id": "one"}""";

    private AgentsBench _bench = null!;
    private string _second = "";

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        _second = await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("robot");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact] // AS-12, AS-17, HR-30
    public async Task TaskThatIsRefused_IsDoneOnTheNextSubscription_WithoutARestart()
    {
        var reply = (await _bench.Api.PostAsync("agents/robot/tasks", RefusedOnce)).Is(200);

        Assert.Equal(("one.2", "completed", "done", "2", "one"), (reply.At("task.task_id"), reply.At("task.outcome"), reply.At("task.response"), reply.At("task.generation"), reply.At("first_task_id")));
        Assert.Equal(
            ("switched", "first", "second", "rate_limit", "hot_reloaded", "true"),
            (reply.At("auto_switch.action"), reply.At("auto_switch.old_subscription"), reply.At("auto_switch.new_subscription"), reply.At("auto_switch.failure_kind"),
                reply.At("auto_switch.restart_result"), reply.At("auto_switch.retryable")));
        Assert.Equal(_second, _bench.Engine.Agent("robot").Credential.Token?.Reveal());
        Assert.Single(_bench.Engine.Ever);
        var entry = Assert.Single((await _bench.Api.GetAsync("agents/robot/timeline")).Is(200).Items)!;
        Assert.Equal(("subscription_auto_switch", "hot_reloaded"), (entry["kind"]!.GetValue<string>(), entry["details"]!["delivery"]!["result"]!.GetValue<string>()));
    }

    [Fact] // VL-a, HZ-3
    public async Task TaskThatRanOn_FinishesOnTheOldToken_AndItsFailureSwitchesNothing()
    {
        var running = _bench.Engine.Agent("robot").Begin("long");

        (await _bench.Api.PostAsync("agents/robot/tasks", RefusedOnce)).Is(200);

        Assert.Equal((_bench.Token, 1), (running.Token, Assert.Single(_bench.Engine.Agent("robot").Status.RunningTasks).Generation));
        running.End(TaskOutcome.RateLimited);
        var decision = await TellAsync("long");
        Assert.Equal((SwitchAction.Stale, true), (decision!.Action, decision.Retry));
        Assert.Equal(2, await _bench.GenerationAsync("robot"));
        Assert.Equal("first 2", await FailuresAsync());
    }

    [Fact] // AS-6: the second try is no exception
    public async Task SecondTryThatIsRefusedToo_CountsAgainstTheSecondSubscription()
    {
        var reply = (await _bench.Api.PostAsync("agents/robot/tasks", """{"prompt": "exit 75", "task_id": "one"}""")).Is(200);

        Assert.Equal(("one.2", "rate_limited"), (reply.At("task.task_id"), reply.At("task.outcome"))); // and no third
        Assert.Equal("first 1, second 1", await FailuresAsync());
        Assert.Equal(("api_key_fallback", "second"), (reply.At("auto_switch.action"), reply.At("auto_switch.old_subscription"))); // for the tasks to come
    }

    [Fact] // AS-17: only when the agent has its new credential
    public async Task AgentThatDoesNotTakeItsNewCredential_GetsTheTaskNotAgain()
    {
        _bench.Engine.Script("robot").Cut(AgentScript.Reload);

        var reply = (await _bench.Api.PostAsync("agents/robot/tasks", RefusedOnce)).Is(200);

        Assert.Equal(("one", "rate_limited", null), (reply.At("task.task_id"), reply.At("task.outcome"), reply.At("first_task_id")));
        Assert.Equal(("switched", "pending", "false"), (reply.At("auto_switch.action"), reply.At("auto_switch.restart_result"), reply.At("auto_switch.retryable")));
        Assert.Equal(2, await _bench.GenerationAsync("robot")); // written down, and delivered later
    }

    [Fact] // AS-18, AS-19: what is known beforehand costs no failed task
    public async Task SubscriptionAtItsLimit_IsLeftBeforeTheTaskIsSent()
    {
        await _bench.CreateAsync("other");
        (await _bench.Api.PostAsync("agents/robot/tasks", RefusedOnce)).Is(200);

        var reply = (await _bench.Api.PostAsync("agents/other/tasks", """{"prompt": "echo done", "task_id": "two"}""")).Is(200);

        Assert.Equal(("two", "completed", "2"), (reply.At("task.task_id"), reply.At("task.outcome"), reply.At("task.generation")));
        Assert.Equal(("switched", "second"), (reply.At("auto_switch.action"), reply.At("auto_switch.new_subscription")));
        Assert.Equal("first 1", await FailuresAsync());
    }

    private async Task<SwitchDecision?> TellAsync(string task)
    {
        var services = _bench.Host.Services;
        var view = await services.GetRequiredService<AgentTasks>().GetAsync(new IdOrName(null, "robot"), task, Timeouts.Token);
        Assert.False(view.Failed(out _, out var ended));
        var store = services.GetRequiredService<AgentStore>();
        await using var connection = await store.OpenAsync(Timeouts.Token);
        var agent = await store.FindAsync(connection, new IdOrName(null, "robot"), Timeouts.Token);
        return await services.GetRequiredService<AutoSwitchService>().OnTaskEndedAsync(agent!, ended!, Timeouts.Token);
    }

    private Task<string?> FailuresAsync() => _bench.Database.ScalarAsync<string>(
        "select string_agg(subscription || ' ' || count, ', ' order by subscription) from (select subscription, count(*) from subscription_failures group by subscription) as f");
}
