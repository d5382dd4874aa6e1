using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane;

/// <summary>Does something again and again, whatever came of the last time. Every control plane runs it; what it does must be fit for that.</summary>
internal abstract class PeriodicService(TimeSpan every, TimeProvider time, ILogger logger) : SteadyBackgroundService(logger)
{
    protected TimeProvider Time { get; } = time;

    protected abstract Task DoOnceAsync(CancellationToken cancellationToken);

    /// <summary>It went wrong, and is tried again.</summary>
    protected abstract void Failed(Exception exception);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another control plane goes on, or the next start does.
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await DoOnceAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Failed(exception);
        }
    }
}
