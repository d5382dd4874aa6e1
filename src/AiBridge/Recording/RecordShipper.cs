using System.Threading.Channels;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Recording;

/// <summary>Carries records from the queue to Postgres in batches. A batch that Postgres does not take at once is saved in the journal and waits there.</summary>
/// <remarks>
/// Two loops: one takes batches, and saves what the other does not get rid of. <c>_unsaved</c> is the first one's and <c>_waiting</c> is both's (interlocked); a shutdown and a gauge read them.
/// </remarks>
internal sealed partial class RecordShipper : SteadyBackgroundService
{
    private const int MaxWeight = 8 * 1024 * 1024; // characters of a batch, about: tools' input may be long
    private const int MostInMemory = 8; // batches; more are read from their files when their turn comes

    // By the system's clock: they decide when records are saved, and how large batches are, and nothing else.
    private static readonly TimeSpan TakeEvery = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SaveAgainAfter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1); // RecordJournal's log says so
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(10);

    private readonly InterceptionRecorder _recorder;
    private readonly RecordJournal _journal;
    private readonly RecordWriter _writer;
    private readonly TimeProvider _time;
    private readonly Channel<PendingBatch> _pending = Channel.CreateUnbounded<PendingBatch>();
    private Task _late = Task.CompletedTask; // a save that Postgres has overtaken; the taking loop's alone
    private int _unsaved; // records taken from the queue that are neither in a file nor in Postgres
    private int _waiting; // records taken from the queue, or left by an earlier run, that are not in Postgres

    public RecordShipper(InterceptionRecorder recorder, RecordJournal journal, RecordWriter writer, BridgeMetrics metrics, TimeProvider time, ILogger<RecordShipper> logger) : base(logger)
    {
        (_recorder, _journal, _writer, _time) = (recorder, journal, writer, time);
        metrics.ObserveRecordQueue(() => recorder.Count + Volatile.Read(ref _waiting));
    }

    /// <summary>Runs until the queue is complete and empty, which is after the web server has drained; then Postgres gets <see cref="FlushDeadline"/>.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _recorder.Complete();
        if (ExecuteTask is { } running)
        {
            try
            {
                // Not the host's token: it has fired when requests had to be cut, and their records are the ones to write now.
                await running.WaitAsync(FlushDeadline, _time, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                SayWhatIsLeft();
            }
        }

        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(GuardAsync(TakeAllAsync(stoppingToken)), GuardAsync(ShipAllAsync(stoppingToken)));

    // A defect of ours must neither stop the bridge nor go unseen.
    private async Task GuardAsync(Task loop)
    {
        try
        {
            await loop;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.RecordingStopped(Logger, exception);
        }
    }

    private async Task TakeAllAsync(CancellationToken stoppingToken)
    {
        var left = EnqueueLeftAsync(stoppingToken);
        while (await _recorder.WaitToTakeAsync(stoppingToken))
        {
            var behind = Volatile.Read(ref _waiting) > 0; // Postgres is away or slow: no use in waiting for it
            var records = Take();
            var batch = new PendingBatch(records);
            Volatile.Write(ref _unsaved, batch.Count);
            Enqueue(batch);
            if (!behind)
            {
                await batch.Shipped.WaitAsync(SaveAfter, TimeProvider.System, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await SaveAsync(batch, records, stoppingToken);
            Volatile.Write(ref _unsaved, 0);
            if (records.Count < JournalFile.MaxRecords)
            {
                await Task.Delay(behind ? SaveAfter : TakeEvery, TimeProvider.System, CancellationToken.None); // files of some size, when files it must be
            }
        }

        if (left.IsCompleted)
        {
            await left;
        }

        _pending.Writer.Complete(); // what a disk that does not answer may hold stays for the next start
    }

    private async Task EnqueueLeftAsync(CancellationToken cancellationToken)
    {
        foreach (var file in await _journal.OpenAsync(cancellationToken))
        {
            Enqueue(new PendingBatch(file));
        }
    }

    private List<Interception> Take()
    {
        var records = new List<Interception>();
        for (var weight = 0L; records.Count < JournalFile.MaxRecords && weight < MaxWeight && _recorder.TryTake(out var record, out var more); weight += more)
        {
            records.Add(record);
        }

        return records;
    }

    private void Enqueue(PendingBatch batch)
    {
        Interlocked.Add(ref _waiting, batch.Count);
        if (!_pending.Writer.TryWrite(batch)) // unbounded, and completed once nothing new comes
        {
            Interlocked.Add(ref _waiting, -batch.Count);
        }
    }

    /// <summary>Until the batch is on disk or in Postgres, whichever comes first. A disk that refuses is asked again.</summary>
    private async Task SaveAsync(PendingBatch batch, List<Interception> records, CancellationToken stoppingToken)
    {
        var shipped = batch.Shipped.WaitAsync(stoppingToken);
        while (!shipped.IsCompleted)
        {
            if (!_late.IsCompleted)
            {
                await Task.WhenAny(_late, shipped);
                continue;
            }

            var writing = _journal.WriteAsync(records);
            await Task.WhenAny(writing, shipped);
            if (!writing.IsCompleted)
            {
                _late = shipped.IsCompletedSuccessfully ? RemoveAsync(writing) : writing;
                break;
            }

            if (await writing is { } file)
            {
                if (!batch.TryMoveTo(file, keepInMemory: _pending.Reader.Count < MostInMemory))
                {
                    _journal.Remove(file); // Postgres was faster
                }

                return;
            }

            await shipped.WaitAsync(SaveAgainAfter, TimeProvider.System, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await shipped;
    }

    private async Task RemoveAsync(Task<JournalFile?> writing)
    {
        if (await writing is { } file)
        {
            _journal.Remove(file);
        }
    }

    private async Task ShipAllAsync(CancellationToken stoppingToken)
    {
        while (await _pending.Reader.WaitToReadAsync(stoppingToken))
        {
            await ShipAsync(TakeTogether(), stoppingToken);
        }
    }

    // As many batches as make a large one: after an outage thousands of small ones may wait.
    private List<PendingBatch> TakeTogether()
    {
        var batches = new List<PendingBatch>();
        var (count, weight) = (0, 0L);
        while (_pending.Reader.TryPeek(out var next) && (count == 0 || (count + next.Count <= JournalFile.MaxRecords && weight + next.Weight <= MaxWeight)))
        {
            _pending.Reader.TryRead(out _);
            batches.Add(next);
            (count, weight) = (count + next.Count, weight + next.Weight);
        }

        return batches;
    }

    private async Task ShipAsync(List<PendingBatch> batches, CancellationToken cancellationToken)
    {
        var records = new List<Interception>();
        var sent = new List<PendingBatch>();
        var damaged = new List<JournalFile>();
        foreach (var batch in batches)
        {
            var (file, inMemory) = batch.Where;
            if (inMemory is not null)
            {
                records.AddRange(inMemory);
                sent.Add(batch);
            }
            else if (await _journal.ReadAsync(file!) is var (some, isWhole))
            {
                records.AddRange(some);
                sent.Add(batch);
                damaged.AddRange(isWhole ? [] : [file!]);
            }
            else
            {
                Interlocked.Add(ref _waiting, -batch.Count); // it holds up nothing, and its file stays
                _ = EnqueueAgainAsync(batch, cancellationToken);
            }
        }

        if (records.Count > 0)
        {
            await _writer.WriteAsync(records, cancellationToken);
        }

        foreach (var batch in sent)
        {
            Interlocked.Add(ref _waiting, -batch.Count);
            if (batch.HasShipped() is not { } file)
            {
                continue;
            }

            if (damaged.Contains(file))
            {
                _journal.SetAside(file);
            }
            else
            {
                _journal.Remove(file);
            }
        }
    }

    private async Task EnqueueAgainAsync(PendingBatch batch, CancellationToken cancellationToken)
    {
        await Task.Delay(ReadAgainAfter, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Enqueue(batch);
    }

    private void SayWhatIsLeft()
    {
        var lost = _recorder.Count + Volatile.Read(ref _unsaved);
        if (lost > 0)
        {
            Log.RecordsLostAtShutdown(Logger, lost);
        }

        var kept = Volatile.Read(ref _waiting) - Volatile.Read(ref _unsaved);
        if (kept > 0)
        {
            Log.RecordsKeptAtShutdown(Logger, kept, _journal.Folder);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RecordsLostAtShutdown, LogLevel.Error, "Shutdown with Postgres out of reach: {Count} records that are not on disk are lost.")]
        public static partial void RecordsLostAtShutdown(ILogger logger, int count);

        [LoggerMessage(EventIds.RecordsKeptAtShutdown, LogLevel.Warning, "Shutdown with Postgres out of reach: {Count} records wait in {Path} for the next start.")]
        public static partial void RecordsKeptAtShutdown(ILogger logger, int count, string path);

        [LoggerMessage(EventIds.RecordingStopped, LogLevel.Critical, "Records are written no more; requests are served all the same. Restart the replica.")]
        public static partial void RecordingStopped(ILogger logger, Exception exception);
    }
}
