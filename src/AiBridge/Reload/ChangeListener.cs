using Npgsql;
using Trinity.Shared.Configuration;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>Listens for Postgres notifications on a connection of its own. They are only hints: after every (re)connection it signals, because what came in between is lost.</summary>
internal sealed partial class ChangeListener(NpgsqlDataSource database, ChangeSignal signal, TimeProvider time, ILogger<ChangeListener> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var retry = FirstRetry;
        while (true)
        {
            try
            {
                await ListenAsync(() => retry = FirstRetry, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested) // whatever it is, the loop goes on
            {
                Log.Lost(Logger, exception.GetType().Name);
            }

            await Task.Delay(retry, time, stoppingToken);
            retry = retry * 2 < MaxRetry ? retry * 2 : MaxRetry;
        }
    }

    private async Task ListenAsync(Action connected, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, _) => signal.Raise();
        await using (var listen = new NpgsqlCommand($"listen {NotificationChannels.AiProviders}; listen {NotificationChannels.VirtualKeys}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        connected();
        signal.Raise(); // first listening, then looking: a change in between is seen by both, not by none
        Log.Connected(Logger);
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ListenerConnected, LogLevel.Information, "Listening for configuration changes.")]
        public static partial void Connected(ILogger logger);

        [LoggerMessage(EventIds.ListenerLost, LogLevel.Warning, "The listening connection is lost ({Reason}); the heartbeat looks for changes until it is back.")]
        public static partial void Lost(ILogger logger, string reason);
    }
}
