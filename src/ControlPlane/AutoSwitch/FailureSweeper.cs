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
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception.GetType().Name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.FailureSweepFailed, LogLevel.Warning, "Old failures of subscriptions could not be deleted ({Reason}); it is tried again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
