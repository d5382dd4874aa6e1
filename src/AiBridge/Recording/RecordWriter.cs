using System.Net.Sockets;
using Npgsql;

namespace Trinity.AiBridge.Recording;

/// <summary>Writes a batch to Postgres, whatever it takes: an outage is waited out, and a record that Postgres refuses holds up no other.</summary>
internal sealed partial class RecordWriter(InterceptionStore store, RecordJournal journal, TimeProvider time, ILogger<RecordWriter> logger)
{
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Returns when every record is in Postgres, or has been refused and set aside.</summary>
    public async Task WriteAsync(List<Interception> batch, CancellationToken cancellationToken)
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
                    await WriteAsync([record], cancellationToken);
                }

                return;
            }
            catch (Exception exception) when (IsOfTheValues(exception) && !cancellationToken.IsCancellationRequested)
            {
                var kept = journal.WriteRefusedAsync(batch);
                await ((Task)kept).WaitAsync(RecordJournal.Patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var fate = kept.IsCompleted && await kept is { } file ? $"given up, and kept in {file.Path}: the values cannot be written" : "given up and lost: the values cannot be written, and the disk did not take them";
                Log.RecordsNotWritten(logger, Reason(exception), batch.Count, fate);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                Log.RecordsNotWritten(logger, Reason(exception), batch.Count, "tried again soon");
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    /// <summary>A database out of reach or busy, as opposed to one that refuses what it was told. The last two are what Npgsql lets through, now and then, when a connection breaks under a command.</summary>
    private static bool IsOutage(Exception exception) => exception is PostgresException refusal
        ? refusal.IsTransient
        : exception is NpgsqlException or TimeoutException or IOException or SocketException or ObjectDisposedException or OperationCanceledException;

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
    }
}
