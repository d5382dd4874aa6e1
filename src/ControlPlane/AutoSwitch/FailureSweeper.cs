namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Forgets failures and refusals that are older than a day.</summary>
internal sealed partial class FailureSweeper(FailureStore failures, RefusalStore refusals, TimeProvider time, ILogger<FailureSweeper> logger) : BackgroundService
{
    public static readonly TimeSpan Keep = TimeSpan.FromHours(24);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    public async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - Keep;
        await failures.DeleteBeforeAsync(oldest, cancellationToken);
        await refusals.DeleteBeforeAsync(oldest, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TrySweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is old is swept by another control plane, or after the next start.
        }
    }

    private async Task TrySweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SweepOnceAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.FailureSweepFailed, LogLevel.Warning, "Old failures of subscriptions could not be deleted ({Reason}); it is tried again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
