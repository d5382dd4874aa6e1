using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Trinity.AiBridge.Recording;
using Trinity.Shared.Hosting;
using static Trinity.AiBridge.Tests.Recording.JournalRecords;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class RecordWriterTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("trinity-writer-").FullName;
    private readonly CapturedLogs _logs = new();
    private readonly ManualTimeProvider _time = new();
    private readonly DiskThread _disk = new();
    private readonly ReplicaIdentity _replica;
    private readonly RecordJournal _journal;

    public RecordWriterTests()
    {
        var options = Options.Create(new TrinityOptions { Data = _data });
        _replica = new ReplicaIdentity(options, Options.Create(new AiBridgeOptions()), TimeProvider.System);
        _journal = new RecordJournal(options, _replica, _disk, _time, new Logger<RecordJournal>(new LoggerFactory([_logs])));
    }

    // So ends, now and then, what is under way on a connection that breaks: it says nothing of the record.
    [Fact]
    public async Task WriteAsync_ConnectionIsDisposedOfUnderIt_TriesAgainAndGivesNoRecordUp()
    {
        await _journal.OpenAsync(Timeouts.Token);
        var database = NpgsqlDataSource.Create("Host=127.0.0.1");
        await database.DisposeAsync();
        var writer = new RecordWriter(new InterceptionStore(database, _replica), _journal, _time, new Logger<RecordWriter>(new LoggerFactory([_logs])));
        using var end = new CancellationTokenSource();

        var writing = writer.WriteAsync([Small(1)], end.Token);

        var said = await _logs.WhenLoggedAsync(EventIds.RecordsNotWritten, Timeouts.Token);
        Assert.Contains("ObjectDisposedException", said.Message, StringComparison.Ordinal);
        Assert.Contains("tried again soon", said.Message, StringComparison.Ordinal);
        Assert.False(writing.IsCompleted);
        Assert.Empty(Directory.GetFiles(_journal.Folder));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    public void Dispose()
    {
        _disk.Dispose();
        _replica.Dispose();
        _logs.Dispose();
        Directory.Delete(_data, recursive: true);
    }
}
