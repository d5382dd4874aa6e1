using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>The real Claude Code in a real container, through the real bridge, while its subscription's token is rolled over.</summary>
[Collection(AgentGroup.Name)]
public sealed class ClaudeRolloverTests(AgentServices services)
{
    [Fact]
    public async Task Rollover_UnderTwoTurns_BothFinishOnTheOldTokenAndTheNextUsesTheNew()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agent = await bench.AddClaudeAsync();
        var before = await agent.IdentityAsync();
        Assert.Equal("hot_reloaded", agent.Created.GetProperty("restart_result").GetString()); // the first key comes the way of all others
        FakeGate[] gates = [Turn(bench, "one"), Turn(bench, "two")];
        var one = agent.RunAsync("This is turn one.");
        var two = agent.RunAsync("This is turn two.");
        await Task.WhenAll(gates.Select(gate => gate.WhenWrittenAsync(3, Timeouts.Token)));

        var (next, rollout) = await bench.RollOverAsync();
        var duringTurns = await bench.RolloutAsync(rollout);
        var started = await agent.DoAsync("start"); // of an agent that runs: nothing is compared with the container's environment, and nothing is made anew
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(next).WithoutHeader("X-Trinity-Key").Reply(AnthropicMessage.Saying("Hello on the new token.").For);
        var third = await agent.RunAsync("This is turn three.");
        foreach (var gate in gates)
        {
            gate.Open();
        }

        var turns = await Task.WhenAll(one, two);
        var safe = await bench.WhenSafeToRevokeAsync(rollout);

        Assert.Equal([("completed", "Done with one.", 1L), ("completed", "Done with two.", 1L)], turns.Select(turn => (turn.Outcome, turn.Response, turn.Generation)));
        Assert.All(turns, turn => Assert.Equal(AgentBench.FingerprintOf(bench.Token), turn.Fingerprint));
        Assert.Equal(("completed", "Hello on the new token.", 2L, AgentBench.FingerprintOf(next)), (third.Outcome, third.Response, third.Generation, third.Fingerprint));
        Assert.Equal(before, await agent.IdentityAsync());
        Assert.Equal("hot_reloaded", started.GetProperty("restart_result").GetString());
        Assert.Equal((false, 2), (duringTurns.GetProperty("safe_to_revoke").GetBoolean(), duringTurns.GetProperty("in_flight_on_old").GetInt32()));
        Assert.Equal((agent.Name, true, 0), AgentOf(safe));
        Assert.Equal([(bench.Token, 4), (next, 1)], bench.Upstream.Requests.GroupBy(request => request.BearerKey!).Select(seen => (seen.Key, seen.Count()))); // the provider's own account
    }

    [Fact]
    public async Task Refusal_OfTheTokenUnderAnotherTurn_TurnIsDoneOnAnotherSubscriptionAndTheOtherFinishes()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var (other, otherToken) = ($"{bench.Name}-other", Canaries.New("anthropic-oauth"));
        await bench.PutTokenAsync(otherToken, other);
        var agent = await bench.AddClaudeAsync();
        var before = await agent.IdentityAsync();
        var gate = Turn(bench, "one");
        var one = agent.RunAsync("This is turn one.");
        await gate.WhenWrittenAsync(3, Timeouts.Token);
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Token).Reply(AnthropicError.Reply(429, "rate_limit_error", "You have reached your limit."));
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(otherToken).WithoutHeader("X-Trinity-Key").Reply(AnthropicMessage.Saying("Hello on the other subscription.").For);

        var two = await agent.RunAsync("This is turn two.");
        gate.Open();
        var finished = await one;
        var failed = await agent.TaskAsync(two.FirstTaskId!);

        Assert.Equal(("rate_limited", AgentBench.FingerprintOf(bench.Token)), (failed.Outcome, failed.Fingerprint));
        Assert.Equal(("completed", "Hello on the other subscription.", AgentBench.FingerprintOf(otherToken)), (two.Outcome, two.Response, two.Fingerprint));
        Assert.Equal(("completed", "Done with one.", AgentBench.FingerprintOf(bench.Token)), (finished.Outcome, finished.Response, finished.Fingerprint));
        Assert.Equal(other, (await agent.ViewAsync()).GetProperty("auth").GetProperty("subscription").GetString());
        Assert.Equal(before, await agent.IdentityAsync());
    }

    /// <summary>A turn of two requests on the first token: the first is held open, and asks for a tool.</summary>
    private static FakeGate Turn(AgentBench bench, string number)
    {
        var gate = new FakeGate();
        gate.Release(steps: 3);
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Token).WithoutHeader("X-Trinity-Key")
            .Where($"it begins turn {number}", request => request.BodyText.Contains($"This is turn {number}.", StringComparison.Ordinal) && !request.BodyText.Contains("tool_result", StringComparison.Ordinal))
            .Reply(new AnthropicMessage().Text("I look.").ToolUse($"toolu_{number}", "Bash", JsonSerializer.Serialize(new { command = $"echo said-by-{number}", description = "Say something" })).Streaming().GatedBy(gate));
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Token).WithoutHeader("X-Trinity-Key")
            .Where($"it has the tool's result of turn {number}", request => request.BodyText.Contains($"said-by-{number}", StringComparison.Ordinal) && request.BodyText.Contains("tool_result", StringComparison.Ordinal))
            .Reply(AnthropicMessage.Saying($"Done with {number}.").For);
        return gate;
    }

    private static (string? Agent, bool Applied, int RunningOnOld) AgentOf(JsonElement rollout)
    {
        var agent = Assert.Single(rollout.GetProperty("agents").EnumerateArray());
        return (agent.GetProperty("agent").GetString(), agent.GetProperty("applied").GetBoolean(), agent.GetProperty("running_on_old").GetInt32());
    }
}
