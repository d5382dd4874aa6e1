using System.Net.Sockets;
using Npgsql;

namespace Trinity.AiBridge.Recording;

/// <summary>Carries records from the queue to Postgres in batches; a batch that cannot be written waits and is tried again.</summary>
internal sealed partial class RecordShipper(InterceptionRecorder recorder, InterceptionStore store, TimeProvider time, ILogger<RecordShipper> logger) : BackgroundService
{
    private const int MaxBatch = 1000;
    private static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(15); // by the system's clock: it only makes batches larger, and decides nothing
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    private int _inHand; // taken from the queue and not yet written; the loop writes it, a shutdown reads it

    /// <summary>Runs until the queue is complete and empty, which is after the web server has drained; then Postgres gets <see cref="FlushDeadline"/>.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        recorder.Complete();
        if (ExecuteTask is { } running)
        {
            try
            {
                // Not the host's token: it has fired when requests had to be cut, and their records are the ones to write now.
                await running.WaitAsync(FlushDeadline, time, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                Log.RecordsLostAtShutdown(logger, recorder.Queue.Count + Volatile.Read(ref _inHand));
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

            Volatile.Write(ref _inHand, batch.Count);
            await ShipAsync(batch, stoppingToken);
            batch.Clear();
            Volatile.Write(ref _inHand, 0);
            await Task.Delay(BatchEvery, TimeProvider.System, CancellationToken.None);
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
            catch (Exception exception) when (!IsOutage(exception) && batch.Count > 1 && !cancellationToken.IsCancellationRequested)
            {
                // One bad record must not hold up the rest: each goes alone.
                foreach (var record in batch)
                {
                    await ShipAsync([record], cancellationToken);
                }

                return;
            }
            catch (Exception exception) when (IsOfTheValues(exception) && !cancellationToken.IsCancellationRequested)
            {
                Log.RecordsNotWritten(logger, Reason(exception), batch.Count, "given up: the values cannot be written");
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                Log.RecordsNotWritten(logger, Reason(exception), batch.Count, "tried again soon");
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    /// <summary>A database out of reach or busy, as opposed to one that refuses what it was told.</summary>
    private static bool IsOutage(Exception exception) =>
        exception is PostgresException refusal ? refusal.IsTransient : exception is NpgsqlException or TimeoutException or IOException or SocketException;

    /// <summary>Trying again cannot help: data that Postgres does not take, or a defect of ours. Anything else it refuses may be mended meanwhile.</summary>
    private static bool IsOfTheValues(Exception exception) =>
        exception is PostgresException refusal ? IsRefusal(refusal.SqlState) : !IsOutage(exception);

    // The classes data exception, integrity constraint and program limit: the same values will never pass.
    private static bool IsRefusal(string state) =>
        state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal) || state.StartsWith("54", StringComparison.Ordinal);

    private static string Reason(Exception exception) => (exception as PostgresException)?.SqlState ?? exception.GetType().Name;

    private static partial class Log
    {
        [LoggerMessage(EventIds.RecordsNotWritten, LogLevel.Warning, "Postgres did not take {Count} records ({Reason}); they are {Fate}.")]
        public static partial void RecordsNotWritten(ILogger logger, string reason, int count, string fate);

        [LoggerMessage(EventIds.RecordsLostAtShutdown, LogLevel.Error, "Shutdown with Postgres out of reach: {Count} queued records are lost.")]
        public static partial void RecordsLostAtShutdown(ILogger logger, int count);
    }
}
