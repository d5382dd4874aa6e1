using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Recording;
using Trinity.Shared.Hosting;
using static Trinity.AiBridge.Tests.Recording.JournalRecords;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class RecordJournalTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("trinity-journal-").FullName;
    private readonly CapturedLogs _logs = new();
    private readonly ManualTimeProvider _time = new();
    private readonly DiskThread _disk = new();
    private readonly IOptions<TrinityOptions> _options;
    private readonly ReplicaIdentity _replica;

    public RecordJournalTests()
    {
        _options = Options.Create(new TrinityOptions { Data = _data });
        _replica = new ReplicaIdentity(_options, Options.Create(new AiBridgeOptions()), TimeProvider.System);
    }

    private string Folder => Path.Combine(_data, "records");

    [Fact]
    public async Task OpenAsync_AfterAKill_FindsWhatWasWrittenInItsOrder()
    {
        var journal = Journal();
        Assert.Empty(await journal.OpenAsync(Timeouts.Token));
        await journal.WriteAsync([Full(1), Small(2)]);
        await journal.WriteAsync([Small(3)]);

        var again = Journal();
        var files = await again.OpenAsync(Timeouts.Token);

        Assert.Equal([2, 1], files.Select(file => file.Records));
        Assert.Equivalent(new[] { Full(1), Small(2) }, await RecordsOfAsync(again, files[0]), strict: true);
        Assert.Equivalent(new[] { Small(3) }, await RecordsOfAsync(again, files[1]), strict: true);
    }

    [Fact]
    public async Task WriteAsync_AfterAnEarlierRun_OverwritesNothing()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var first = await journal.WriteAsync([Small(1)]);

        var again = Journal();
        await again.OpenAsync(Timeouts.Token);
        var second = await again.WriteAsync([Small(2)]);

        Assert.Equal(first!.Sequence + 1, second!.Sequence);
        Assert.Equal(2, Directory.GetFiles(Folder).Length);
    }

    [Fact]
    public async Task Remove_File_IsGoneAndMakesRoom()
    {
        var journal = Journal(maxBytes: 5000);
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1)]);
        Assert.Null(await journal.WriteAsync([Full(2)]));

        journal.Remove(file!);

        Assert.NotNull(await journal.WriteAsync([Full(2)]));
        Assert.Single(Directory.GetFiles(Folder));
        Assert.Equal([EventIds.JournalNotWritten, EventIds.JournalRecovered], _logs.All.Select(log => log.EventId.Id));
    }

    [Fact]
    public async Task WriteAsync_BatchAfterBatch_TakesNoNewBufferForEach()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var batch = Enumerable.Range(1, JournalFile.MaxRecords).Select(Small).ToList();
        await journal.WriteAsync(batch);
        var before = await _disk.RunAsync(GC.GetAllocatedBytesForCurrentThread);

        var file = await journal.WriteAsync(batch);

        var allocated = await _disk.RunAsync(GC.GetAllocatedBytesForCurrentThread) - before;
        Assert.InRange(allocated, 0, file!.Bytes / 4);
        Assert.Equal(JournalFile.MaxRecords, (await RecordsOfAsync(journal, file)).Count);
    }

    [Fact]
    public async Task WriteAsync_FilesAreForTheirOwnerAlone()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1)]);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file!.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
    }

    // What a crash of the machine may leave: a line that ends in its middle. And an older version's, which knew fewer properties.
    [Fact]
    public async Task ReadAsync_LineThatIsNoRecord_IsSkippedAndTheOthersAreRead()
    {
        const string Known = """{"Id":"00000000-0000-0000-0000-000000000007","Provider":"p","Client":"c","Streaming":false,"Status":200,"Outcome":"Completed","Attempts":1,"Generation":1,"StartedAt":"2030-01-01T00:00:00+00:00","DurationMilliseconds":1.5}""";
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var file = JournalFile.Named(Folder, 1, 4, 0);
        await File.WriteAllTextAsync(file.Path, $"{Known}\n\nnull\n{Known[..40]}", Encoding.UTF8, Timeouts.Token);

        var (records, isWhole) = Assert.NotNull(await journal.ReadAsync(file));

        Assert.Equal((new Guid("00000000-0000-0000-0000-000000000007"), false), (Assert.Single(records).Id, isWhole));
        Assert.Empty(records[0].ToolUsages);
        Assert.Equal(3, _logs.Of(EventIds.JournalLineSkipped).Count);
        Assert.Contains("holds 1 of 4 records", Assert.Single(_logs.Of(EventIds.JournalTorn)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_logs.All, log => log.Message.Contains("0007", StringComparison.Ordinal));
        Assert.Equal([file.Path], Directory.GetFiles(Folder)); // Postgres has nothing of it yet

        journal.SetAside(file);
        await _disk.RunAsync(() => true);
        Assert.Equal([file.Path + ".unreadable"], Directory.GetFiles(Folder));
    }

    [Fact]
    public async Task ReadAsync_FileThatCannotBeRead_IsSaidAndStays()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        File.CreateSymbolicLink(JournalFile.Named(Folder, 1, 1, 0).Path, "/proc/self/mem"); // reading its beginning is an error

        Assert.Null(await journal.ReadAsync(JournalFile.Named(Folder, 1, 1, 0)));

        Assert.Single(_logs.Of(EventIds.JournalUnreadable));
    }

    [Fact]
    public async Task ReadAsync_FileCutAtTheEndOfALine_IsNotWhole()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1), Small(2)]);
        await File.WriteAllLinesAsync(file!.Path, (await File.ReadAllLinesAsync(file.Path, Timeouts.Token))[..1], Timeouts.Token);

        var (records, isWhole) = Assert.NotNull(await journal.ReadAsync(file));

        Assert.Equal((1, false), (records.Count, isWhole));
    }

    [Fact]
    public async Task ReadAsync_FileThatSomebodyTookAway_IsSaidAndHasNoRecords()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1), Small(2)]);
        Directory.Delete(Folder, recursive: true);

        Assert.Empty(await RecordsOfAsync(journal, file!));

        Assert.StartsWith("2 records are lost", Assert.Single(_logs.Of(EventIds.JournalGone)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_DiskHangs_NobodyWaitsForLongNorAgain()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1)]);
        using var hang = new ManualResetEventSlim();
        var hanging = _disk.RunAsync(() => hang.Wait(Timeouts.Default));

        var reading = journal.ReadAsync(file!);
        _time.Advance(RecordJournal.ReadPatience);
        Assert.Null(await reading);
        Assert.Null(await journal.ReadAsync(file!));

        hang.Set();
        Assert.True(await hanging);
        await _disk.RunAsync(() => true);
        Assert.Single(await RecordsOfAsync(journal, file!));
        Assert.Single(_logs.Of(EventIds.JournalUnreadable));
    }

    [Fact]
    public async Task OpenAsync_FilesOfOthers_AreLeftAlone()
    {
        Directory.CreateDirectory(Folder);
        foreach (var name in new[] { "notes.txt", "x-1.jsonl", "1-x.jsonl", "1.jsonl", "000000000003-2.jsonl.gz", "000000000003-0.jsonl", "000000000003-1001.jsonl", "3-2.jsonl" })
        {
            await File.WriteAllTextAsync(Path.Combine(Folder, name), "", Timeouts.Token);
        }

        Assert.Empty(await Journal().OpenAsync(Timeouts.Token));

        Assert.Equal(8, Directory.GetFiles(Folder).Length);
    }

    [Fact]
    public async Task OpenAsync_DirectoryCannotBeMade_IsSaidOnceAndTriedAgain()
    {
        await File.WriteAllTextAsync(Folder, "", Timeouts.Token);
        var journal = Journal();
        var opening = journal.OpenAsync(Timeouts.Token);
        Assert.Null(await journal.WriteAsync([Small(1)]));
        await _logs.WhenLoggedAsync(EventIds.JournalNotWritten, Timeouts.Token);

        File.Delete(Folder);
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(RecordJournal.Patience);
                return opening.IsCompletedSuccessfully;
            },
            "the directory is opened");

        Assert.NotNull(await journal.WriteAsync([Small(1)]));
        Assert.Equal([EventIds.JournalNotWritten, EventIds.JournalRecovered], _logs.All.Select(log => log.EventId.Id));
    }

    [Fact]
    public async Task WriteAsync_DiskHangs_IsSaidAfterSomePatienceAndEndsWithTheDisk()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        using var hang = new ManualResetEventSlim();
        var hanging = _disk.RunAsync(() => hang.Wait(Timeouts.Default));

        var writing = journal.WriteAsync([Small(1)]);
        Assert.Empty(_logs.All);
        _time.Advance(RecordJournal.Patience);
        await _logs.WhenLoggedAsync(EventIds.JournalNotWritten, Timeouts.Token);
        Assert.False(writing.IsCompleted);

        hang.Set();
        Assert.True(await hanging);
        Assert.NotNull(await writing);
        Assert.Single(_logs.Of(EventIds.JournalRecovered));
    }

    [Fact]
    public async Task OpenAsync_FilesOfAReplicaThatRunsNoMore_AreTakenOver()
    {
        var other = new ReplicaIdentity(_options, Options.Create(new AiBridgeOptions()), TimeProvider.System);
        var theirs = new RecordJournal(_options, other, _disk, _time, new Logger<RecordJournal>(new LoggerFactory([_logs])));
        await theirs.OpenAsync(Timeouts.Token);
        await theirs.WriteAsync([Small(2)]);
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        await journal.WriteAsync([Small(1)]);
        Assert.Equal([1], (await Journal().OpenAsync(Timeouts.Token)).Select(file => file.Records)); // it runs

        other.Dispose();

        var files = await Journal().OpenAsync(Timeouts.Token);
        Assert.Equal(2, files.Count);
        Assert.Equal(1, Assert.Single(await RecordsOfAsync(journal, files[0])).Attempts);
        Assert.Equal(2, Assert.Single(await RecordsOfAsync(journal, files[1])).Attempts);
        Assert.All(files, file => Assert.StartsWith(Folder + "/", file.Path, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(theirs.Folder));
    }

    [Fact]
    public async Task WriteAsync_Refused_StaysAndIsNotReadAgain()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);

        var file = await journal.WriteRefusedAsync([Full(1)]);

        Assert.EndsWith("-1.jsonl.refused", file!.Path, StringComparison.Ordinal);
        Assert.Contains("\"Model\":\"m", await File.ReadAllTextAsync(file.Path, Timeouts.Token), StringComparison.Ordinal);
        var again = Journal();
        Assert.Empty(await again.OpenAsync(Timeouts.Token));
        await again.WriteRefusedAsync([Full(1)]);
        Assert.Equal(2, Directory.GetFiles(Folder, "*.refused").Length);
    }

    [Fact]
    public async Task WriteAsync_RefusedAndWaiting_HaveRoomOfTheirOwn()
    {
        var journal = Journal(maxBytes: 2 * 4096, maxKeptBytes: 4096);
        await journal.OpenAsync(Timeouts.Token);
        Assert.NotNull(await journal.WriteAsync([Small(1)]));
        Assert.NotNull(await journal.WriteAsync([Small(2)]));
        Assert.Null(await journal.WriteAsync([Small(3)]));

        Assert.NotNull(await journal.WriteRefusedAsync([Small(1)]));
        Assert.Null(await journal.WriteRefusedAsync([Small(2)]));

        File.Delete(Directory.GetFiles(Folder, "*.refused").Single()); // an operator has looked at it
        Assert.NotNull(await journal.WriteRefusedAsync([Small(2)]));
        Assert.Single(_logs.Of(EventIds.JournalNotWritten)); // who gives a refused record up says so

        var again = Journal(maxBytes: 3 * 4096, maxKeptBytes: 4096);
        await again.OpenAsync(Timeouts.Token);
        Assert.Null(await again.WriteRefusedAsync([Small(2)]));
        Assert.NotNull(await again.WriteAsync([Small(3)]));
        Assert.Null(await again.WriteAsync([Small(4)]));
    }

    [Fact]
    public async Task SetAside_MakesRoomForWaitingAndTakesIt()
    {
        var journal = Journal(maxBytes: 4096, maxKeptBytes: 4096);
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1)]);

        journal.SetAside(file!);

        Assert.Null(await journal.WriteRefusedAsync([Small(2)]));
        Assert.NotNull(await journal.WriteAsync([Small(2)]));
    }

    [Fact]
    public async Task OpenAsync_FolderOfAnotherThatCannotBeTakenOver_IsSaidAndHoldsNothingUp()
    {
        new ReplicaIdentity(_options, Options.Create(new AiBridgeOptions()), TimeProvider.System).Dispose();
        Directory.CreateDirectory(Folder + ".2");
        await File.WriteAllTextAsync(JournalFile.Named(Folder + ".2", 1, 1, 0).Path, "", Timeouts.Token);
        Directory.CreateDirectory(JournalFile.Named(Folder, 1, 1, 0).Path); // in the way of the first that is moved

        var journal = Journal();
        Assert.Empty(await journal.OpenAsync(Timeouts.Token));

        Assert.Single(_logs.Of(EventIds.JournalNotTakenOver));
        Assert.NotNull(await journal.WriteAsync([Small(1)]));
    }

    [Fact]
    public async Task WriteAsync_SomebodyElsesFileInItsPlace_IsLeftAsItIs()
    {
        var journal = Journal();
        await journal.OpenAsync(Timeouts.Token);
        var path = JournalFile.Named(Folder, 1, 1, 0).Path;
        await File.WriteAllTextAsync(path, "theirs", Timeouts.Token);

        Assert.Null(await journal.WriteAsync([Small(1)]));
        Assert.NotNull(await journal.WriteAsync([Small(1)]));

        Assert.Equal("theirs", await File.ReadAllTextAsync(path, Timeouts.Token));
    }

    [Fact]
    public async Task WriteAsync_DirectoryWasCleanedUp_IsMadeAgain()
    {
        var journal = Journal(maxBytes: 5000);
        await journal.OpenAsync(Timeouts.Token);
        var file = await journal.WriteAsync([Small(1)]);
        Directory.Delete(Folder, recursive: true);

        journal.Remove(file!); // makes room all the same

        Assert.NotNull(await journal.WriteAsync([Small(2)]));
    }

    public void Dispose()
    {
        _disk.Dispose();
        _replica.Dispose();
        _logs.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private RecordJournal Journal(long maxBytes = 1024 * 1024, long maxKeptBytes = 1024 * 1024) =>
        new(_options, _replica, _disk, _time, new Logger<RecordJournal>(new LoggerFactory([_logs]))) { MaxBytes = maxBytes, MaxKeptBytes = maxKeptBytes };

    private static async Task<List<Interception>> RecordsOfAsync(RecordJournal journal, JournalFile file)
    {
        var (records, isWhole) = Assert.NotNull(await journal.ReadAsync(file));
        Assert.True(isWhole);
        return records;
    }
}
