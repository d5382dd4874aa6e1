using System.Collections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Reload;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Tests.Reload;

public sealed class LastGoodStoreTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("trinity-lastgood-").FullName;
    private readonly CapturedLogs _logs = new();
    private readonly ManualTimeProvider _time = new();
    private readonly DiskThread _disk = new();
    private readonly ManualResetEventSlim _hang = new();
    private readonly ReplicaIdentity _replica;
    private readonly LastGoodStore _store;

    public LastGoodStoreTests()
    {
        var options = Options.Create(new TrinityOptions { Data = _data });
        _replica = new ReplicaIdentity(options, Options.Create(new AiBridgeOptions()), TimeProvider.System);
        _store = new LastGoodStore(options, _replica, _disk, _time, new Logger<LastGoodStore>(new LoggerFactory([_logs])));
    }

    private string Path => System.IO.Path.Combine(_data, "last-good-config.json");

    [Fact]
    public async Task ReadAsync_AfterAWrite_GivesTheRowsBack()
    {
        var rows = Rows(7) with
        {
            VirtualKeys = [new VirtualKeyRow { Id = Guid.CreateVersion7(), Name = "k", Hash = [1, 2], Models = ["gpt-*"], Limits = "{}", ExpiresAt = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero) }],
        };

        await _store.WriteAsync(rows);

        var read = await _store.ReadAsync(Timeouts.Token);
        Assert.Equivalent(rows, read, strict: true);
    }

    [Fact]
    public async Task WriteAsync_Again_ReplacesTheCopyAndLeavesNothingBeside()
    {
        await _store.WriteAsync(Rows(1));
        await _store.WriteAsync(Rows(2));

        Assert.Equal(2, (await _store.ReadAsync(Timeouts.Token))!.Revision);
        Assert.Equal(["last-good-config.json", "replica-id"], Directory.GetFiles(_data).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WriteAsync_FileIsForItsOwnerAlone()
    {
        await _store.WriteAsync(Rows(1));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public async Task ReadAsync_WithoutAFile_IsNull() => Assert.Null(await _store.ReadAsync(Timeouts.Token));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Revision":1,"Providers":null,"ProviderKeys":[],"VirtualKeys":[]}""")]
    [InlineData("""{"Revision":"x","Providers":[],"ProviderKeys":[],"VirtualKeys":[]}""")]
    public async Task ReadAsync_CorruptedFile_IsNullAndSaidSo(string content)
    {
        await File.WriteAllTextAsync(Path, content, Timeouts.Token);

        Assert.Null(await _store.ReadAsync(Timeouts.Token));

        Assert.Single(_logs.Of(EventIds.LastGoodUnusable));
    }

    // A copy that cannot be replaced would bring a retired key back at the next start.
    [Fact]
    public async Task WriteAsync_DiskRefuses_RemovesTheStaleCopyAndFailsNothing()
    {
        await _store.WriteAsync(Rows(1));
        Directory.CreateDirectory(Path + ".tmp"); // the temporary file cannot be made

        await _store.WriteAsync(Rows(2));

        Assert.False(File.Exists(Path));
        Assert.Single(_logs.Of(EventIds.LastGoodNotWritten));
    }

    [Fact]
    public async Task TryAgain_DiskTakesItAfterAWhile_KeepsWhatItRefused()
    {
        Directory.CreateDirectory(Path + ".tmp");
        await _store.WriteAsync(Rows(1));
        await _store.WriteAsync(Rows(2));
        Directory.Delete(Path + ".tmp");

        await TryAgainAsync();
        Assert.False(File.Exists(Path)); // too soon
        _time.Advance(LastGoodStore.TryAgainAfter);
        await TryAgainAsync();

        Assert.Equal(2, (await _store.ReadAsync(Timeouts.Token))!.Revision);
        Assert.Single(_logs.Of(EventIds.LastGoodKept));
    }

    [Fact]
    public async Task TryAgain_StillRefused_IsTriedOnAndNotSaidAgain()
    {
        Directory.CreateDirectory(Path + ".tmp");
        await _store.WriteAsync(Rows(1));
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(LastGoodStore.TryAgainAfter);
            await TryAgainAsync();
        }

        Assert.Single(_logs.Of(EventIds.LastGoodNotWritten));
        Directory.Delete(Path + ".tmp");
        _time.Advance(LastGoodStore.TryAgainAfter);
        await TryAgainAsync();
        Assert.Equal(1, (await _store.ReadAsync(Timeouts.Token))!.Revision);
    }

    [Fact]
    public async Task TryAgain_SomethingNewerIsKept_WritesNothing()
    {
        Directory.CreateDirectory(Path + ".tmp");
        await _store.WriteAsync(Rows(1));
        Directory.Delete(Path + ".tmp");
        await _store.WriteAsync(Rows(2));

        _time.Advance(LastGoodStore.TryAgainAfter);
        await TryAgainAsync();

        Assert.Equal(2, (await _store.ReadAsync(Timeouts.Token))!.Revision);
    }

    // The window between the attempt and its end is held open by rows that take their time to be written.
    [Fact]
    public async Task TryAgain_SomethingNewerIsAppliedMeanwhile_LeavesThePlaceToIt()
    {
        Directory.CreateDirectory(Path + ".tmp");
        var rows = new HangingRows(_hang);
        await _store.WriteAsync(Rows(1) with { Providers = rows });
        Directory.Delete(Path + ".tmp");
        _time.Advance(LastGoodStore.TryAgainAfter);

        _store.TryAgain();
        await rows.Began.WaitAsync(Timeouts.Default);
        var olderIsThere = _disk.RunAsync(() => File.Exists(Path)); // before the newer one's turn
        var writing = _store.WriteAsync(Rows(2));
        _hang.Set();

        Assert.False(await olderIsThere);
        await writing.WaitAsync(Timeouts.Default);
        Assert.Equal(2, (await _store.ReadAsync(Timeouts.Token))!.Revision);
    }

    [Fact]
    public async Task WriteAsync_DiskHangs_HoldsItsCallerForAMomentOnceAndWritesTheNewestInTheEnd()
    {
        var rows = new HangingRows(_hang);

        var writing = _store.WriteAsync(Rows(1) with { Providers = rows });
        await rows.Began.WaitAsync(Timeouts.Default);
        Assert.False(writing.IsCompleted);
        _time.Advance(LastGoodStore.Patience);
        await writing.WaitAsync(Timeouts.Default);
        await _store.WriteAsync(Rows(2)).WaitAsync(Timeouts.Default);
        await _store.WriteAsync(Rows(3)).WaitAsync(Timeouts.Default);
        Assert.Contains("does not answer", Assert.Single(_logs.Of(EventIds.LastGoodNotWritten)).Message, StringComparison.Ordinal);

        _hang.Set();
        await _disk.RunAsync(() => true);
        Assert.Equal(3, (await _store.ReadAsync(Timeouts.Token))!.Revision);
    }

    public void Dispose()
    {
        _hang.Set();
        _disk.Dispose();
        _hang.Dispose();
        _replica.Dispose();
        _logs.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private async Task TryAgainAsync()
    {
        _store.TryAgain();
        await _disk.RunAsync(() => true);
    }

    private static ConfigRows Rows(long revision) => new() { Revision = revision, Providers = [], ProviderKeys = [], VirtualKeys = [] };

    /// <summary>No rows; whoever looks at them for the first time waits, as for a disk that hangs in the middle of a copy.</summary>
    private sealed class HangingRows(ManualResetEventSlim hang) : IReadOnlyList<ProviderRow>
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Began => _began.Task;

        public int Count => 0;

        public ProviderRow this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<ProviderRow> GetEnumerator()
        {
            _began.TrySetResult();
            hang.Wait();
            return Enumerable.Empty<ProviderRow>().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
