using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Trinity.TestSupport.Docker;
using Trinity.TestSupport.Services;

namespace Trinity.Bench.Demo.Agents;

/// <summary>The demo of agents, from agents without work to the verdict: a subscription's token rotates under turns that run, again and again.</summary>
internal static class AgentDemoRun
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan SafeLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SafePoll = TimeSpan.FromMilliseconds(100);

    public static async Task<Verdict> RunAsync(AgentDemoOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        using var failures = new Failures();
        var board = new AgentBoard(options);
        await using var upstream = await AgentUpstream.StartAsync(board, failures);
        using var controlPlane = new ControlPlaneClient(options.Control, (await File.ReadAllTextAsync(options.TokenFile, cancellationToken)).Trim());
        using var fleet = new AgentFleet(options, controlPlane, new DockerApi(options.Engine));
        using var ended = new CancellationTokenSource();
        var showing = new AgentView(output, isTerminal: !Console.IsOutputRedirected).ShowAsync(board, ended.Token);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, failures.Stop);
        var watching = failures.GuardAsync("looking at the agents", () => WatchAsync(fleet, board, ended.Token), ended.Token);
        await failures.GuardAsync("the demo", () => PlayAsync(options, upstream, fleet, board, failures, either.Token).WaitAsync(either.Token), either.Token);
        await ended.CancelAsync();
        await watching;
        await showing;
        cancellationToken.ThrowIfCancellationRequested();
        return AgentVerdict.Of(board.Look(), failures.All);
    }

    private static async Task PlayAsync(AgentDemoOptions options, AgentUpstream upstream, AgentFleet fleet, AgentBoard board, Failures failures, CancellationToken cancellationToken)
    {
        var token = upstream.AddToken(0);
        await fleet.MakeAsync(upstream.BaseUrl, token);
        var turns = await BeginAsync(upstream, fleet, board, token, cancellationToken);
        for (var number = 1; number <= options.Rotations; number++)
        {
            var next = upstream.AddToken(number);
            var started = Stopwatch.GetTimestamp();
            var rollout = await fleet.RollOverAsync(next);
            if (!rollout.GetProperty("agents").EnumerateArray().All(agent => agent.GetProperty("applied").GetBoolean()))
            {
                failures.Add($"{next} has not reached every agent in time: {rollout.GetProperty("waiting_for")}");
            }

            board.Applied(next, Stopwatch.GetElapsedTime(started));
            board.Draining(token, rollout.GetProperty("in_flight_on_old").GetInt64());
            var newTurns = await BeginAsync(upstream, fleet, board, next, cancellationToken); // beside those that run on the old token
            if ((await fleet.RolloutAsync(rollout)).GetProperty("safe_to_revoke").GetBoolean())
            {
                failures.Add($"{token} was called safe to revoke while turns ran on it");
            }

            await EndAsync(turns, failures);
            await WhenSafeAsync(fleet, rollout, token, cancellationToken);
            token.DeclareUnused();
            board.Safe(token, Stopwatch.GetElapsedTime(started));
            (token, turns) = (next, newTurns);
        }

        await EndAsync(turns, failures);
        if (await fleet.DisturbedAsync() is [var disturbed, ..])
        {
            failures.Add($"the container of agent {disturbed} is another, or was restarted");
        }
    }

    /// <summary>Returns once the provider streams to all of them.</summary>
    private static async Task<IReadOnlyList<(Turn Turn, Task<JsonElement> Running)>> BeginAsync(AgentUpstream upstream, AgentFleet fleet, AgentBoard board, DemoToken token, CancellationToken cancellationToken)
    {
        List<(Turn Turn, Task<JsonElement> Running)> begun = [];
        foreach (var agent in fleet.Agents.SelectMany(agent => Enumerable.Repeat(agent, AgentDemoOptions.TurnsPerAgent)))
        {
            var turn = upstream.AddTurn(agent, token);
            begun.Add((turn, RunAsync(fleet, board, turn)));
        }

        foreach (var (turn, running) in begun)
        {
            await await Task.WhenAny(turn.WhenStreamingAsync(cancellationToken), running); // a turn that ends without a stream tells why
        }

        return begun;
    }

    private static async Task<JsonElement> RunAsync(AgentFleet fleet, AgentBoard board, Turn turn)
    {
        board.TurnBegun();
        var ended = await fleet.RunAsync(turn);
        board.TurnEnded();
        return ended;
    }

    private static async Task EndAsync(IReadOnlyList<(Turn Turn, Task<JsonElement> Running)> turns, Failures failures)
    {
        foreach (var (turn, _) in turns)
        {
            turn.LetGo();
        }

        foreach (var (turn, running) in turns)
        {
            var ended = await running;
            var said = (ended.GetProperty("outcome").GetString(), ended.GetProperty("response").GetString(), ended.GetProperty("generation").GetInt64(), ended.GetProperty("fingerprint").GetString());
            if (said != ("completed", turn.Answer, turn.Token.Generation, turn.Token.Fingerprint))
            {
                failures.Add($"turn {turn.Number} of {turn.Agent}, begun with {turn.Token}, ended as {said}: {ended.GetProperty("error").GetString()}");
            }
        }
    }

    private static async Task WhenSafeAsync(AgentFleet fleet, JsonElement rollout, DemoToken old, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(SafePoll);
        while (await fleet.RolloutAsync(rollout) is var now && !now.GetProperty("safe_to_revoke").GetBoolean())
        {
            if (Stopwatch.GetElapsedTime(started) > SafeLimit)
            {
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{old} is not safe to revoke after {SafeLimit.TotalSeconds:0} s: {now.GetProperty("waiting_for")}"));
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async Task WatchAsync(AgentFleet fleet, AgentBoard board, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            board.Seen(await fleet.LookAsync());
            await Task.Delay(LookInterval, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
