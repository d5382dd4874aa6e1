using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Recording;

/// <summary>Carries refusals from the queue to Postgres; what cannot be written waits and is tried again.</summary>
internal sealed partial class RefusalShipper(RefusalRecorder recorder, RefusalStore store, TimeProvider time, ILogger<RefusalShipper> logger) : SteadyBackgroundService(logger)
{
    private const int MaxBatch = 100;
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the queue is complete and empty; then Postgres gets <see cref="FlushDeadline"/>.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        recorder.Complete();
        if (ExecuteTask is { } running)
        {
            try
            {
                await running.WaitAsync(FlushDeadline, time, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                Log.Lost(Logger);
            }
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<CredentialRefusal>(MaxBatch);
        while (await recorder.Queue.WaitToReadAsync(stoppingToken))
        {
            while (batch.Count < MaxBatch && recorder.Queue.TryRead(out var refusal))
            {
                batch.Add(refusal);
            }

            await ShipAsync(batch, stoppingToken);
            batch.Clear();
        }
    }

    // Every value is of our own making, so whatever Postgres says against a batch (it is away, the table is not there yet) can pass.
    private async Task ShipAsync(List<CredentialRefusal> batch, CancellationToken cancellationToken)
    {
        for (var delay = TimeSpan.FromMilliseconds(100); ; delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay)
        {
            try
            {
                await store.WriteAsync(batch, cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                Log.NotWritten(Logger, exception.GetType().Name, batch.Count);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RefusalsNotWritten, LogLevel.Warning, "Postgres did not take {Count} refusals of credentials ({Reason}); they are tried again soon.")]
        public static partial void NotWritten(ILogger logger, string reason, int count);

        [LoggerMessage(EventIds.RefusalsLostAtShutdown, LogLevel.Warning, "Shutdown with Postgres out of reach: queued refusals of credentials are lost.")]
        public static partial void Lost(ILogger logger);
    }
}
