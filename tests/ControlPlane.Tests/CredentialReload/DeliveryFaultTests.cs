using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>An agent answers late, wrongly or not at all: what runs there is never ended for it, and it has the credential in the end.</summary>
public sealed class DeliveryFaultTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;
    private string _second = null!;

    private AgentScript Script => _bench.Engine.Script("a");

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a");
        _second = await _bench.PutSubscriptionAsync("second");
        _bench.Engine.Agent("a").Begin("running");
        _bench.Engine.Calls.Forget();
        Script.Forget();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_bench.Engine.Calls.Changes); // whatever happened
        Assert.Empty(_bench.Engine.Agent("a").Cut);
        await _bench.DisposeAsync();
    }

    // HZ-6
    [Fact]
    public async Task ReplyLost_TheAgentIsAsked_AndHasIt()
    {
        Script.LoseReply(AgentScript.Reload, times: 1);

        var reply = (await _bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal("hot_reloaded", reply.At("restart_result"));
        Assert.Equal([2], Script.Applied);
        Assert.Equal($"GET {AgentScript.Status}", Script.Requests[1]);
    }

    // HZ-6, HR-20: ten seconds are its limit
    [Fact]
    public async Task ReplyTooLate_TheAgentIsAsked_AndHasIt()
    {
        Script.SwallowReply(AgentScript.Reload, times: 1);
        var assign = _bench.AssignAsync("a", "second");
        await Script.WhenAppliedAsync(2);
        _bench.Time.Leap(AgentClient.ReloadLimit - TimeSpan.FromSeconds(1));
        Assert.False(assign.IsCompleted);

        _bench.Time.Leap(TimeSpan.FromSeconds(1));

        Assert.Equal("hot_reloaded", (await assign).Is(200).At("restart_result"));
        Assert.Equal([2], Script.Applied);
    }

    // HZ-6: it is not known whether it has it, and nothing is done about that but to ask again
    [Fact]
    public async Task Busy_StaysPending_AndARequestThatIsDoneLateCounts()
    {
        var gate = Script.Hold(AgentScript.All);
        var assign = _bench.AssignAsync("a", "second");
        await gate.WhenReachedAsync(1);
        _bench.Time.Leap(AgentClient.ReloadLimit);
        await gate.WhenReachedAsync(2); // is it there?
        _bench.Time.Leap(AgentClient.StatusLimit);
        await gate.WhenReachedAsync(3); // and how does it do?
        _bench.Time.Leap(AgentClient.StatusLimit);
        var reply = (await assign).Is(200);
        Assert.Equal(("pending", "The agent did not answer within 10 seconds."), (reply.At("restart_result"), reply.At("detail")));
        Assert.Equal(("2", "1", "second"), (reply.At("agent.auth.generation"), reply.At("agent.auth.acknowledged_generation"), reply.At("agent.auth.subscription")));

        Script.Recover();
        gate.Open();
        await Script.WhenAppliedAsync(2);
        _bench.Time.Leap(TimeSpan.FromSeconds(1));
        await _bench.LookAsync();

        Assert.Equal(("hot_reloaded", "2"), await DeliveryAsync());
        Assert.Equal([2], Script.Applied); // it had arrived after all: not sent again
        Assert.Equal(_second, _bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // HZ-6: the same request, however often it is made
    [Fact]
    public async Task Repeated_UnderTheSameRequestId()
    {
        Script.Cut(AgentScript.All, times: 3);
        Assert.Equal("pending", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));

        _bench.Time.Leap(TimeSpan.FromSeconds(1));
        await _bench.LookAsync();

        Assert.Equal(("hot_reloaded", "2"), await DeliveryAsync());
        Assert.Equal([499, 200], Script.Reloads.Select(reload => reload.Status!.Value));
        Assert.Single(Script.Reloads.Select(reload => reload.Request!.RequestId).Distinct());
    }

    // HZ-7, HR-23: none of them is an old image's 404
    [Theory]
    [InlineData(401, "{}", "failed", "The agent refuses the control plane's token")]
    [InlineData(403, "{}", "failed", "The agent answered 403.")]
    [InlineData(400, """{"code": "odd"}""", "failed", "The agent answered 400 (odd).")]
    [InlineData(429, "", "failed", "The agent answered 429.")]
    [InlineData(500, """{"code": "not_stored", "detail": "…"}""", "failed", "The agent answered 500 (not_stored).")]
    [InlineData(503, "<html>", "failed", "The agent answered 503.")]
    [InlineData(302, "", "failed", "The agent answered 302.")]
    [InlineData(409, "{}", "failed", "The agent answered 409.")]
    [InlineData(200, "<html>", "pending", "The agent's answer is not what an agent server says.")]
    [InlineData(200, "{}", "pending", "The agent's answer is not what an agent server says.")]
    [InlineData(200, "null", "pending", "The agent's answer is not what an agent server says.")]
    [InlineData(200, """{"generation": 1}""", "pending", "The agent's answer is not what an agent server says.")]
    public async Task BadAnswer_IsTold_AndMendedWhenTheAgentIs(int status, string body, string result, string detail)
    {
        Script.Answer(AgentScript.Reload, status, body);

        var reply = (await _bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal((result, "second"), (reply.At("restart_result"), reply.At("agent.auth.subscription")));
        Assert.StartsWith(detail, reply.At("detail")!, StringComparison.Ordinal);
        Assert.NotEmpty(reply.At("agent.problem")!);
        Assert.Equal(_bench.Token, _bench.Engine.Agent("a").Credential.Token!.Reveal());

        Script.Recover();
        _bench.Time.Leap(TimeSpan.FromSeconds(1));
        await _bench.LookAsync();

        Assert.Equal(("hot_reloaded", "2"), await DeliveryAsync());
        Assert.Null((await _bench.GetAsync("a")).At("problem"));
        Assert.Equal(_second, _bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // HZ-7: what the agent says may be anything, and goes nowhere
    [Fact]
    public async Task BadAnswer_IsNotRepeated()
    {
        Script.Answer(AgentScript.Reload, 500, $$"""{"code": "{{_second}}-and-some-more-of-it-so-that-it-is-long", "detail": "{{_second}}"}""");
        Script.Answer(AgentScript.Status, 500, $$"""{"code": "{{_second}}-and-some-more-of-it-so-that-it-is-long", "detail": "{{_second}}"}""");

        Assert.Equal("failed", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result")); // every reply, and in the end every log, is searched for it
    }

    // HR-23
    [Fact]
    public async Task NobodyListens_IsPending_UntilItDoes()
    {
        var agent = _bench.Engine.Agent("a");
        Script.Cut(AgentScript.All);
        var reply = (await _bench.AssignAsync("a", "second")).Is(200);
        Assert.Equal("pending", reply.At("restart_result"));
        Assert.StartsWith("The agent cannot be reached", reply.At("detail")!, StringComparison.Ordinal);
        var tries = Script.Reloads.Count;

        await _bench.LookAsync();
        Assert.Equal(tries, Script.Reloads.Count); // it waits before another try
        for (var attempt = 1; attempt <= 9; attempt++)
        {
            _bench.Time.Leap(TimeSpan.FromSeconds(30)); // and never longer than this
            await _bench.LookAsync();
            Assert.Equal(tries + attempt, Script.Reloads.Count);
        }

        Script.Recover();
        _bench.Time.Leap(TimeSpan.FromSeconds(30));
        await _bench.LookAsync();

        Assert.Equal(("hot_reloaded", "2"), await DeliveryAsync());
        Assert.Equal(_second, agent.Credential.Token!.Reveal());
    }

    private async Task<(string?, string?)> DeliveryAsync()
    {
        var agent = await _bench.GetAsync("a");
        return (agent.At("auth.delivery"), agent.At("auth.acknowledged_generation"));
    }
}
