using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>What a write that concerns agents says of its rollout, waiting for it first where asked to.</summary>
internal sealed class AgentRollouts(RolloutService rollouts, WriteReporter reporter, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Sets the headers; with <c>?wait=applied</c>, returns once every agent that runs works with the new credential, or the time is up.</summary>
    /// <returns>Null: no agent is concerned.</returns>
    public async Task<RolloutView?> ReportAsync<T>(HttpContext http, Written<T> written, CancellationToken cancellationToken)
    {
        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        if (written.RolloutId is not { } id)
        {
            return null;
        }

        var started = time.GetTimestamp();
        var wait = http.Features.Get<WaitOptions>() is { Applied: true } options ? options.Timeout : TimeSpan.Zero;
        while (!(await rollouts.GetAsync(id, cancellationToken)).Failed(out _, out var view))
        {
            if (view.Agents.All(agent => agent.Applied || RolloutAgents.IsAtRest(agent)) || time.GetElapsedTime(started) >= wait)
            {
                return view with { Applied = applied };
            }

            await Task.Delay(Poll, time, cancellationToken);
        }

        return null;
    }
}
