using Npgsql;

namespace Trinity.AiBridge.Recording;

/// <summary>Carries records from the queue to Postgres in batches; a batch that cannot be written waits and is tried again.</summary>
internal sealed partial class RecordShipper(InterceptionRecorder recorder, InterceptionStore store, TimeProvider time, ILogger<RecordShipper> logger) : BackgroundService
{
    private const int MaxBatch = 500;
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the queue is complete and empty, which is after the web server has drained; then Postgres gets <see cref="FlushDeadline"/>.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        recorder.Complete();
        if (ExecuteTask is { } running)
        {
            try
            {
                await running.WaitAsync(FlushDeadline, time, cancellationToken);
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                Log.RecordsLostAtShutdown(logger, recorder.Queue.Count);
            }
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Interception>(MaxBatch);
        while (await recorder.Queue.WaitToReadAsync(stoppingToken))
        {
            while (batch.Count < MaxBatch && recorder.Queue.TryRead(out var record))
            {
                batch.Add(record);
            }

            await ShipAsync(batch, stoppingToken);
            batch.Clear();
        }
    }

    private async Task ShipAsync(List<Interception> batch, CancellationToken cancellationToken)
    {
        for (var delay = TimeSpan.FromMilliseconds(100); ; delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay)
        {
            try
            {
                await store.WriteAsync(batch, cancellationToken);
                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient && batch.Count > 1)
            {
                // One bad record must not hold up the rest: each goes alone.
                foreach (var record in batch)
                {
                    await ShipAsync([record], cancellationToken);
                }

                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient && exception.SqlState.StartsWith("22", StringComparison.Ordinal))
            {
                Log.RecordsNotWritten(logger, exception.SqlState, batch.Count, "given up: Postgres refuses the values");
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
            {
                Log.RecordsNotWritten(logger, (exception as PostgresException)?.SqlState ?? exception.GetType().Name, batch.Count, "tried again soon");
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RecordsNotWritten, LogLevel.Warning, "Postgres did not take {Count} records ({Reason}); they are {Fate}.")]
        public static partial void RecordsNotWritten(ILogger logger, string reason, int count, string fate);

        [LoggerMessage(EventIds.RecordsLostAtShutdown, LogLevel.Error, "Shutdown with Postgres out of reach: {Count} queued records are lost.")]
        public static partial void RecordsLostAtShutdown(ILogger logger, int count);
    }
}
