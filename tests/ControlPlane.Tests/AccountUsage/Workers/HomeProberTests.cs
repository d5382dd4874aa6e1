using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>What a caller of a probe sees: P-10, P-13 to P-15, P-21, P-26.</summary>
public sealed class HomeProberTests
{
    [Fact] // P-13, P-15: one start for all channels of a home
    public async Task Probe_SameHome_SeveralChannels_OneProcess()
    {
        await using var bench = new ProberBench();
        bench.Workers.Script = question => question.Answer();

        ProbeReply[] replies = [await bench.ProbeAsync(), await bench.ProbeAsync(channel: "codex"), await bench.ProbeAsync(channel: "openrouter")];

        Assert.Single(bench.Workers.Started);
        Assert.Equal(["anthropic", "codex", "openrouter"], replies.Select(reply => reply.Usage.Problem));
        Assert.All(replies, reply => Assert.Equal(("/a", false), (reply.Credential, reply.Cold)));
        Assert.Equal([1, 2, 3], bench.Workers.Questions.Select(question => question.Id)); // P-10: no answer can be taken for another's
    }

    [Fact] // P-21: both slots are used by probes that really overlap, and neither is cold
    public async Task Probe_TwoAtOnce_HaveAWorkerEach()
    {
        await using var bench = new ProberBench();

        var (first, one) = await bench.AskedAsync();
        var (second, two) = await bench.AskedAsync();
        two.Answer();
        one.Answer();

        Assert.NotSame(one.Process, two.Process);
        Assert.All(await Task.WhenAll(first, second), reply => Assert.False(reply.Cold));
        Assert.Equal(2, bench.Workers.Started.Count);
    }

    [Fact] // P-26
    public async Task Probe_NoWorkerInTime_GetsAProcessOfItsOwn_AndTheSameAnswer()
    {
        await using var bench = new ProberBench(options => options.WorkerWait = TimeSpan.Zero);
        var (warm, first) = await bench.AskedAsync();
        await bench.AskedAsync();

        var (reply, question) = await bench.AskedAsync();
        question.Answer();
        first.Answer();

        var cold = await reply;
        Assert.True(cold.Cold);
        Assert.Equal(await warm, cold with { Cold = false });
        await bench.WhenGoneAsync(question.Process); // always waited for
    }

    [Fact] // P-26, P-23
    public async Task Probe_WorkerBecomesFreeInTime_IsNotCold()
    {
        await using var bench = new ProberBench();
        var (_, first) = await bench.AskedAsync();
        await bench.AskedAsync();
        var third = bench.ProbeAsync();

        first.Answer();
        var question = await bench.Workers.QuestionAsync(3);
        question.Answer();

        Assert.Same(first.Process, question.Process);
        Assert.False((await third).Cold);
    }

    public static TheoryData<string> Faults { get; } = ["garbage", "wrong id", "blank", "not a reply", "no such verdict", "known without limits", "end", "too long", "read error", "broken pipe"];

    [Theory] // P-14
    [MemberData(nameof(Faults))]
    public async Task Probe_WorkerFails_IsUnavailable_AndTheNextGetsANewProcess(string fault)
    {
        await using var bench = new ProberBench();
        bench.Workers.Script = question => Fail(question, fault);
        bench.Workers.RefusesInput = fault == "broken pipe";

        var reply = await bench.ProbeAsync();

        Assert.Equal((UsageVerdict.Unavailable, null, false), (reply.Usage.Verdict, reply.Credential, reply.Cold));
        Assert.EndsWith(".", reply.Usage.Problem, StringComparison.Ordinal);
        Assert.Single(bench.Logs.Of(ControlPlaneEventIds.ProbeWithoutAnswer));
        await bench.WhenGoneAsync(Assert.Single(bench.Workers.Started));
        (bench.Workers.Script, bench.Workers.RefusesInput) = (question => question.Answer(), false);
        Assert.Equal(UsageVerdict.Unsupported, (await bench.ProbeAsync()).Usage.Verdict);
        Assert.Equal(2, bench.Workers.Started.Count);
    }

    [Theory] // P-14, P-26: the cold one is closed as well
    [MemberData(nameof(Faults))]
    public async Task Probe_ColdOneFails_IsUnavailable_AndItsProcessGone(string fault)
    {
        await using var bench = new ProberBench(options => options.WorkerWait = TimeSpan.Zero);
        await bench.AskedAsync();
        await bench.AskedAsync();
        bench.Workers.Script = question => Fail(question, fault);
        bench.Workers.RefusesInput = fault == "broken pipe";

        var reply = await bench.ProbeAsync();

        Assert.Equal((UsageVerdict.Unavailable, true), (reply.Usage.Verdict, reply.Cold));
        await bench.WhenGoneAsync(bench.Workers.Started[2]);
    }

    [Fact] // P-14
    public async Task Probe_NoAnswerIn35Seconds_IsUnavailable_AndTheWorkerIsClosed()
    {
        await using var bench = new ProberBench();
        var (reply, question) = await bench.AskedAsync();

        bench.Time.Advance(TimeSpan.FromSeconds(35) - TimeSpan.FromTicks(1));
        Assert.False(reply.IsCompleted);
        bench.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal("There was no answer within 35 seconds.", (await reply).Usage.Problem);
        await bench.WhenGoneAsync(question.Process);
        question.Answer(); // too late: nobody takes it for the next one's
        Assert.NotSame(question.Process, await bench.AnsweredAsync());
    }

    [Fact] // P-14: the limit holds for a start, too
    public async Task Probe_WorkerNeverStarts_IsUnavailableInTime()
    {
        await using var bench = new ProberBench();
        bench.Workers.OnLaunch = _ => new TaskCompletionSource().Task;
        var reply = bench.ProbeAsync();

        bench.Time.Advance(TimeSpan.FromSeconds(35));

        Assert.Equal(UsageVerdict.Unavailable, (await reply).Usage.Verdict);
        Assert.Equal(0, bench.Prober.Processes);
    }

    [Fact] // P-14
    public async Task Probe_WorkerCannotBeStarted_IsUnavailable_AndTheNextTriesAgain()
    {
        await using var bench = new ProberBench();
        bench.Workers.OnLaunch = _ => throw new System.ComponentModel.Win32Exception("no such program");

        var reply = await bench.ProbeAsync();

        Assert.Equal((UsageVerdict.Unavailable, "No worker could be started for this home."), (reply.Usage.Verdict, reply.Usage.Problem));
        Assert.Contains("no such program", Assert.Single(bench.Logs.Of(ControlPlaneEventIds.ProbeWorkerNotStarted)).Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Prober.Processes);
        bench.Workers.OnLaunch = null;
        await bench.AnsweredAsync();
    }

    [Fact] // P-10: after a probe that was given up nobody listens to its worker again
    public async Task Probe_CallerLeaves_IsCancelled_AndTheWorkerIsClosed()
    {
        await using var bench = new ProberBench();
        using var caller = new CancellationTokenSource();
        var (reply, question) = await bench.AskedAsync(cancellationToken: caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reply);
        await bench.WhenGoneAsync(question.Process);
        question.Answer();
        Assert.NotSame(question.Process, await bench.AnsweredAsync());
        Assert.Empty(bench.Logs.Of(ControlPlaneEventIds.ProbeWithoutAnswer)); // nobody's fault
    }

    [Fact] // P-10
    public async Task Probe_CallerLeavesWhileTheWorkerStarts_LeavesNoProcess()
    {
        await using var bench = new ProberBench();
        using var caller = new CancellationTokenSource();
        bench.Workers.OnLaunch = _ =>
        {
            caller.Cancel();
            return Task.CompletedTask;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.ProbeAsync(cancellationToken: caller.Token));

        bench.Workers.OnLaunch = null;
        await bench.AnsweredAsync();
    }

    private static void Fail(FakeQuestion question, string fault)
    {
        switch (fault)
        {
            case "garbage":
                question.Say("Segmentation fault");
                break;
            case "wrong id":
                question.Say($$$"""{"id":{{{question.Id + 1}}},"usage":{"verdict":"Unsupported"}}""");
                break;
            case "blank":
                question.Say("");
                break;
            case "not a reply":
                question.Say($$"""{"id":{{question.Id}}}""");
                break;
            case "no such verdict":
                question.Say($$$"""{"id":{{{question.Id}}},"usage":{"verdict":"Splendid"}}""");
                break;
            case "known without limits":
                question.Say($$$"""{"id":{{{question.Id}}},"usage":{"verdict":"Known"}}""");
                break;
            case "end":
                question.Process.Exit();
                break;
            case "too long":
                question.Fail(new InvalidDataException("A line is longer than 65536 bytes."));
                break;
            default:
                question.Fail(new IOException("Connection reset"));
                break;
        }
    }
}
