using Microsoft.Extensions.Options;
using Npgsql;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.Agents;

/// <summary>Brings what is in line with what is wanted: the engine is the truth for the one, the database for the other.</summary>
/// <remarks>
/// Every control plane runs it; an agent's lock keeps them apart, and what one leaves unfinished is still a difference to the next. It never stops or replaces
/// what runs, but for what an operator asked for. It looks when the signal is raised, when an engine event or a notification comes, and every second. A round does not
/// wait for the agents that the one before still works on.
/// </remarks>
internal sealed partial class AgentReconciler(
    AgentStore agents,
    AgentReportStore reportStore,
    AgentReports reports,
    AgentLifecycle lifecycle,
    AgentVirtualKeys virtualKeys,
    CredentialDeliverer deliverer,
    AgentFanOut fanOut,
    AgentAdoption adoption,
    AgentLocks locks,
    AgentSignal signal,
    ControlPlaneMetrics metrics,
    WriteTransactions writes,
    IOptions<ControlPlaneOptions> options,
    TimeProvider time,
    ILogger<AgentReconciler> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RestLook = TimeSpan.FromSeconds(15);

    private readonly AgentWork _work = new(signal);

    /// <summary>One round over all agents; returns when its work is done.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken) => await Task.WhenAll(await BeginAsync(cancellationToken));

    public override void Dispose()
    {
        _work.Dispose();
        base.Dispose();
    }

    private async Task<IReadOnlyList<Task>> BeginAsync(CancellationToken cancellationToken)
    {
        var events = signal.TakeAgents();
        IReadOnlyList<AgentRow> all;
        IReadOnlyDictionary<Guid, AgentReport> seen;
        await using (var connection = await agents.OpenAsync(cancellationToken))
        {
            all = await agents.ListAsync(connection, cancellationToken);
            seen = await reportStore.ListAsync(connection, cancellationToken);
        }

        metrics.AgentsSeen(
            all.CountBy(agent => seen.GetValueOrDefault(agent.Id)?.State ?? AgentState.Unknown, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal),
            all.Count(agent => seen.GetValueOrDefault(agent.Id) is { IsRunning: true } report && report.Generation < agent.Generation));
        return [.. all.Select(agent => _work.Begin(
            agent.Id,
            events.Contains(agent.Id),
            token => TryReconcileAsync(agent, seen.GetValueOrDefault(agent.Id), events.Contains(agent.Id), token),
            cancellationToken))];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var moved = false;
            while (true)
            {
                try
                {
                    moved = moved || await TellBridgeAsync(stoppingToken);
                    await BeginAsync(stoppingToken);
                }
                catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
                {
                    Log.Failed(Logger, "all", failure.Message); // the next tick tries again
                }

                await signal.WaitAsync(Tick, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is unfinished is still a difference, for another control plane or for the next start.
        }
        finally
        {
            await _work.WhenEndedAsync();
        }
    }

    // A setting of this process that agents have a copy of.
    private async Task<bool> TellBridgeAsync(CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        await fanOut.BridgeMovedAsync(write, options.Value.BridgeUrl.TrimEnd('/'), "trinity", cancellationToken);
        await write.CommitAsync(cancellationToken);
        return true;
    }

    private async Task TryReconcileAsync(AgentRow agent, AgentReport? seen, bool hadEvent, CancellationToken cancellationToken)
    {
        try
        {
            await ReconcileAsync(agent, seen, hadEvent, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException) // one agent's trouble is not the others'
        {
            Log.Failed(Logger, agent.Name, failure.Message);
        }
    }

    private async Task ReconcileAsync(AgentRow agent, AgentReport? seen, bool hadEvent, CancellationToken cancellationToken)
    {
        if (seen is null || IsDue(agent, seen) || hadEvent)
        {
            seen = await reports.ObserveAsync(agent, cancellationToken);
            await RetireKeysAsync(agent, seen, cancellationToken);
        }

        if (Differs(agent, seen) && !IsWaiting(seen) && await locks.TryAcquireAsync(agent.Id, cancellationToken) is { } held)
        {
            await using (held)
            {
                await MendAsync(held, cancellationToken);
            }
        }
    }

    private bool IsWaiting(AgentReport seen) => seen.RetryAt > time.GetUtcNow().UtcDateTime;

    // What is at rest is looked at now and then; what something waits for, every time. Reports bear the database's time: by a clock that is behind it they come from the future, and would hold for as long.
    private bool IsDue(AgentRow agent, AgentReport seen) =>
        (time.GetUtcNow().UtcDateTime - seen.ReportedAt).Duration() > RestLook || seen.ReportedAt < agent.UpdatedAt || seen.RunningTasks.Any(tasks => tasks.Generation < agent.Generation);

    private static bool Differs(AgentRow agent, AgentReport seen) =>
        agent.DesiredState == AgentIntent.Deleted
        || agent.Recreate
        || agent.Adopt
        || (agent.DesiredState == AgentIntent.Running && (seen.State is AgentState.Stopped or AgentState.Missing))
        || (agent.DesiredState == AgentIntent.Stopped && seen.IsRunning)
        || (seen.IsRunning && seen.Generation < agent.Generation);

    // Looked at again inside the lock: whoever had it may have done this, or wanted something else.
    private async Task MendAsync(AgentLock held, CancellationToken cancellationToken)
    {
        if (await FindAsync(held.AgentId, cancellationToken) is not { } agent || await reports.ObserveAsync(agent, cancellationToken) is not { } seen || !Differs(agent, seen))
        {
            return;
        }

        try
        {
            await MendAsync(held, agent, seen, cancellationToken);
        }
        catch (EngineException failure)
        {
            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            Log.Failed(Logger, agent.Name, failure.Message);
        }
    }

    private async Task MendAsync(AgentLock held, AgentRow agent, AgentReport seen, CancellationToken cancellationToken)
    {
        if (agent.DesiredState == AgentIntent.Deleted)
        {
            await lifecycle.FinishDeletionAsync(agent, cancellationToken);
        }
        else if (agent.DesiredState == AgentIntent.Stopped && seen.IsRunning)
        {
            await lifecycle.FinishStopAsync(agent, cancellationToken);
            Log.Mended(Logger, agent.Name, seen.State, agent.DesiredState);
        }
        else if (agent.Adopt)
        {
            await adoption.AdoptAsync(held, agent, cancellationToken);
        }
        else if (agent.Recreate)
        {
            if ((await lifecycle.ContinueRecreateAsync(held, force: false, cancellationToken)).Failed(out var problem, out _))
            {
                Log.Failed(Logger, agent.Name, problem.Detail);
            }
        }
        else
        {
            if (!seen.IsRunning)
            {
                await lifecycle.RunAsync(agent, cancellationToken);
                Log.Mended(Logger, agent.Name, seen.State, agent.DesiredState);
            }

            await deliverer.DeliverAsync(held, cancellationToken);
        }
    }

    private async Task<AgentRow?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return await agents.FindAsync(connection, new IdOrName(id, null), cancellationToken);
    }

    // A stopped agent's next task begins with what it is brought then.
    private async Task RetireKeysAsync(AgentRow agent, AgentReport seen, CancellationToken cancellationToken)
    {
        if ((seen.State is AgentState.Stopped or AgentState.Missing) || (seen.IsRunning && seen.Generation >= agent.Generation))
        {
            var lowestInUse = seen.RunningTasks.Where(tasks => tasks.Generation > 0).Select(tasks => tasks.Generation).Append(agent.Generation).Min();
            await virtualKeys.RetireAsync(agent, lowestInUse, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.AgentReconciled, LogLevel.Information, "Agent {Agent} was {State} and is to be {Intent}: done.")]
        public static partial void Mended(ILogger logger, string agent, string state, string intent);

        [LoggerMessage(ControlPlaneEventIds.ReconcileFailed, LogLevel.Warning, "Agent {Agent} could not be brought in line: {Reason}")]
        public static partial void Failed(ILogger logger, string agent, string reason);
    }
}
