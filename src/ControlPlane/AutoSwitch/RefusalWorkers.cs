using Npgsql;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Configuration;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Handles refusals as soon as a bridge has reported them, a few agents at once; and looks by itself now and then, for a claim that lapsed tells nobody.</summary>
internal sealed partial class RefusalWorkers(RefusalHandler handler, RefusalSignal signal, NpgsqlDataSource database, TimeProvider time, ILogger<RefusalWorkers> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(
            [
                ChannelListener.RunAsync(database, NotificationChannels.CredentialRefused, signal.Raise, time, stoppingToken),
                LookAsync(stoppingToken),
                .. Enumerable.Range(0, RefusalSignal.Workers).Select(worker => WorkAsync(worker, stoppingToken)),
            ]);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // What is claimed and not handled is claimed again, by another control plane or after the next start.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            signal.Raise();
        }
    }

    private async Task WorkAsync(int worker, CancellationToken cancellationToken)
    {
        while (true)
        {
            await signal.WaitAsync(worker, cancellationToken);
            try
            {
                while (await handler.HandleNextAsync(cancellationToken))
                {
                    // until nothing is open
                }
            }
            catch (Exception outage) when (outage is NpgsqlException or TimeoutException && !cancellationToken.IsCancellationRequested)
            {
                Log.Waiting(Logger, outage.GetType().Name); // what was claimed is claimed again in a minute, here or elsewhere
            }
            catch (Exception defect) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(Logger, defect); // the same
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.RefusalsNotHandled, LogLevel.Error, "Refusals of credentials could not be handled; they are tried again in a minute.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(ControlPlaneEventIds.RefusalsWait, LogLevel.Warning, "Refusals of credentials wait for the database ({Reason}).")]
        public static partial void Waiting(ILogger logger, string reason);
    }
}
