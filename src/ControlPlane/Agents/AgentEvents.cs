using Npgsql;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Configuration;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.Agents;

/// <summary>Wakes the reconciler when another control plane changed an agent, and when something happened to an agent's container.</summary>
internal sealed partial class AgentEvents(AgentStore agents, IAgentRuntime engine, AgentSignal signal, NpgsqlDataSource database, TimeProvider time, ILogger<AgentEvents> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string> Ours = new(StringComparer.Ordinal) { [AgentLabels.Platform] = AgentLabels.PlatformAgent };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(
                ChannelListener.RunAsync(database, NotificationChannels.Agents, signal.Raise, time, stoppingToken),
                WatchEngineAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Nobody is left to wake.
        }
    }

    private async Task WatchEngineAsync(CancellationToken cancellationToken)
    {
        var isLost = false;
        while (true)
        {
            try
            {
                // Many installations have no agents, and no engine.
                if (await AgentsAsync(cancellationToken) is { Count: > 0 } all)
                {
                    var events = engine.EventsAsync(Ours, cancellationToken);
                    foreach (var agent in all)
                    {
                        signal.Raise(agent.Id); // what happened before the events begin is seen by looking
                    }

                    await foreach (var happened in events)
                    {
                        if (isLost)
                        {
                            Log.Back(Logger);
                            isLost = false;
                        }

                        if (happened.Labels.TryGetValue(AgentLabels.AgentId, out var text) && Guid.TryParseExact(text, "D", out var id))
                        {
                            signal.Raise(id);
                        }
                    }
                }
            }
            catch (EngineException lost)
            {
                if (!isLost)
                {
                    Log.Lost(Logger, lost.Message);
                    isLost = true;
                }
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException)
            {
                Log.Lost(Logger, lost.Message);
            }

            await Task.Delay(Retry, time, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<AgentRow>> AgentsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return await agents.ListAsync(connection, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.EngineLost, LogLevel.Warning, "The container engine's events cannot be followed ({Reason}); agents are looked at regularly until they can.")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(ControlPlaneEventIds.EngineBack, LogLevel.Information, "The container engine's events are followed again.")]
        public static partial void Back(ILogger logger);
    }
}
