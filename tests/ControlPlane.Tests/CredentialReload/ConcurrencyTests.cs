using Npgsql;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>Two control planes and many changes of one agent: one after the other, and in the end agent and database agree.</summary>
public sealed class ConcurrencyTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;
    private ControlPlaneHost _other = null!;
    private ApiClient _otherApi = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        _other = await _bench.AddHostAsync();
        _otherApi = _bench.ApiOf(_other);
        await _bench.CreateAsync("a");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    // HR-40, HR-42, HZ-13
    [Fact]
    public async Task Assign_ManyAtOnceFromBoth_AreSerialised()
    {
        string[] names = ["first", "second", "third"];
        foreach (var name in names[1..])
        {
            await _bench.PutSubscriptionAsync(name);
        }

        _bench.Engine.Calls.Forget();
        _bench.Engine.Script("a").Forget();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => _bench.AssignAsync("a", names[number % 3], number % 2 == 0 ? _bench.Api : _otherApi)));

        Assert.All(replies, reply => Assert.Equal("hot_reloaded", reply.Is(200).At("restart_result")));
        await AgreeAsync();
        var applied = _bench.Engine.Script("a").Applied;
        Assert.Equal(applied.Order(), applied); // never an older one after a newer
        Assert.DoesNotContain(_bench.Engine.Script("a").Reloads, reload => reload.Status != 200);
        Assert.Empty(_bench.Engine.Calls.Changes);
    }

    // HR-42: reassigned by hand while its token is rolled over
    [Fact]
    public async Task Assign_WhileRolledOver_AgreeInTheEnd()
    {
        await _bench.PutSubscriptionAsync("second");
        for (var round = 0; round < 5; round++)
        {
            var assign = _bench.AssignAsync("a", round % 2 == 0 ? "second" : "first", _otherApi);
            await Task.WhenAll(assign, _bench.PutSubscriptionAsync("first"), _bench.PutSubscriptionAsync("second"), _bench.LookAsync(_other));
            (await assign).Is(200);
            await _bench.LookAsync();
            await AgreeAsync();
        }
    }

    // HR-41
    [Fact]
    public async Task Assign_OtherAgents_AreNotHeldUp()
    {
        await _bench.CreateAsync("b");
        await _bench.PutSubscriptionAsync("second");
        var gate = _bench.Engine.Script("a").Hold(AgentScript.Reload, times: 1);
        var held = _bench.AssignAsync("a", "second");
        await gate.WhenReachedAsync();

        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("b", "second")).Is(200).At("restart_result"));
        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("b", "first", _otherApi)).Is(200).At("restart_result"));

        Assert.False(held.IsCompleted);
        gate.Open();
        Assert.Equal("hot_reloaded", (await held).Is(200).At("restart_result"));
    }

    // what the agent has already is brought to it again, and nobody's write waits for its answer
    [Fact]
    public async Task Assign_WhatItHas_HoldsUpNoOtherWrite()
    {
        var gate = _bench.Engine.Script("a").Hold(AgentScript.Reload, times: 1);
        var held = _bench.AssignAsync("a", "first");
        await gate.WhenReachedAsync();

        await _bench.PutSubscriptionAsync("second");

        Assert.False(held.IsCompleted);
        gate.Open();
        Assert.Equal("hot_reloaded", (await held).Is(200).At("restart_result"));
        Assert.Equal(1, await _bench.GenerationAsync("a"));
    }

    // HR-40: the other control plane waits until the first has told the agent
    [Fact]
    public async Task Assign_FromTheOther_WaitsForTheFirst()
    {
        await _bench.PutSubscriptionAsync("second");
        await _bench.PutSubscriptionAsync("third");
        var gate = _bench.Engine.Script("a").Hold(AgentScript.Reload, times: 1);
        var first = _bench.AssignAsync("a", "second");
        await gate.WhenReachedAsync();
        var second = _bench.AssignAsync("a", "third", _otherApi);
        await WhenWaitingAsync();
        Assert.Equal(2, await _bench.GenerationAsync("a")); // the change itself waits too

        gate.Open();

        (await first).Is(200);
        (await second).Is(200);
        Assert.Equal([1, 2, 3], _bench.Engine.Script("a").Applied);
        await AgreeAsync();
    }

    // HZ-13: the lock is lost with its connection while a delivery is under way, and another control plane goes on
    [Fact]
    public async Task LockLost_TheLateDeliveryIsRefused_AndTheNewerOneHolds()
    {
        await _bench.PutSubscriptionAsync("second");
        var third = await _bench.PutSubscriptionAsync("third");
        var gate = _bench.Engine.Script("a").Hold(AgentScript.Reload, times: 1);
        var late = _bench.AssignAsync("a", "second");
        await gate.WhenReachedAsync();
        await LoseLocksAsync();
        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("a", "third", _otherApi)).Is(200).At("restart_result"));
        Assert.Equal(third, _bench.Engine.Agent("a").Credential.Token!.Reveal());

        gate.Open();
        await late;
        await _bench.LookAsync();

        Assert.Equal(third, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal("third", (await _bench.GetAsync("a")).At("auth.subscription"));
        Assert.DoesNotContain(_bench.Engine.Script("a").Reloads.Skip(3), reload => reload.Status == 200 && reload.Request!.Token != third);
        await AgreeAsync();
    }

    // HZ-13: a database from a backup knows less than the agent
    [Fact]
    public async Task AgentKnowsALaterGeneration_OursBecomesTheNewest()
    {
        var second = await _bench.PutSubscriptionAsync("second");
        await _bench.Database.ExecuteAsync("update agents set generation = 0; delete from agent_generations; delete from agent_reports");

        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result")); // 1 again, of other content

        Assert.Equal(second, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal([1, 2], _bench.Engine.Script("a").Applied);
        await AgreeAsync();
    }

    // the same, and nothing is changed but for the number
    [Fact]
    public async Task AgentKnowsALaterGeneration_AssignedWhatItHas_OursBecomesTheNewest()
    {
        await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        await _bench.Database.ExecuteAsync("update agents set generation = 1; delete from agent_generations; delete from agent_reports");

        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));

        Assert.Equal([1, 2, 3], _bench.Engine.Script("a").Applied);
        await AgreeAsync();
    }

    // HR-33: a round that looked at the agent before it was stopped, or deleted
    [Theory]
    [InlineData("stop")]
    [InlineData("delete")]
    public async Task Look_BegunBefore_DoesNotUndoWhatTheOtherDid(string what)
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(20)); // so that it is time to look, which needs no lock
        var gate = _bench.Engine.Faults.Hold("inspect");
        var look = _bench.LookAsync(_other);
        await gate.WhenReachedAsync();
        (await (what == "stop" ? _bench.Api.PostAsync("agents/a/stop") : _bench.Api.DeleteAsync("agents/a"))).Is(what == "stop" ? 200 : 204);
        _bench.Engine.Calls.Forget();

        gate.Open();
        await look;

        Assert.DoesNotContain(_bench.Engine.Calls.Changes, call => call.StartsWith("start", StringComparison.Ordinal) || call.StartsWith("create", StringComparison.Ordinal));
    }

    private Task WhenWaitingAsync() => Eventually.TrueAsync(
        async () => await _bench.Database.ScalarAsync<long>(
            "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())") > 0,
        "the other control plane waits for the agent's lock");

    // As when a control plane's connection breaks: the lock is free, and its holder does not know.
    private async Task LoseLocksAsync()
    {
        var key = (uint)AgentLock.KeyOf(await _bench.IdAsync("a"));
        await using var command = new NpgsqlCommand(
            $"select count(pg_terminate_backend(pid, 10000)) from pg_locks where locktype = 'advisory' and granted and objid = {key} and database = (select oid from pg_database where datname = current_database())",
            await _bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token));
        await using (command.Connection)
        {
            Assert.Equal(1L, await command.ExecuteScalarAsync(Timeouts.Token));
        }
    }

    // What the agent works with is what the database says, under the same number.
    private async Task AgreeAsync()
    {
        var agent = await _bench.GetAsync("a");
        var subscription = (await _bench.Api.GetAsync($"subscriptions/{agent.At("auth.subscription")}")).Is(200);
        Assert.Equal(
            (subscription.At("fingerprint"), $"{await _bench.GenerationAsync("a")}"),
            (_bench.Engine.Agent("a").Credential.Fingerprint, $"{_bench.Engine.Agent("a").Credential.Generation}"));
        Assert.Equal(agent.At("auth.generation"), agent.At("auth.acknowledged_generation"));
    }
}
