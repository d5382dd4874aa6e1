using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Recording;

/// <summary>Records on local disk, a file per batch, until Postgres has them: through an outage, a <c>kill -9</c> and a restart.</summary>
/// <remarks>
/// The directory belongs to the replica that holds the lock on its number. Files are touched on the disk's thread only.
/// Nothing is flushed: a crash of the machine takes what the system has not written yet.
/// </remarks>
internal sealed partial class RecordJournal(IOptions<TrinityOptions> options, ReplicaIdentity replica, DiskThread disk, TimeProvider time, ILogger<RecordJournal> logger)
{
    /// <summary>For a disk to take a batch; then the log says that it does not.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>For a disk to read a file; then the records behind it go first.</summary>
    public static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(3);

    private const string FolderName = "records";
    private const int KeepBytes = 3 * 1024 * 1024; // of the buffer, until the next batch: a full one without tools takes a third of it
    private const int TakenOverAtOnce = 100; // files, while the other's number is held
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // tools' input is JSON: escaped in full it takes several times its length

    private readonly string _data = Path.GetFullPath(options.Value.Data);
    private ArrayBufferWriter<byte> _lines = new(); // of the batch that is written; the disk's thread's alone, as the next three are
    private long _bytes; // of files that wait for Postgres
    private long _keptBytes; // of files that nobody reads again
    private long _next;
    private Task _reading = Task.CompletedTask; // the reader's alone
    private int _failing; // interlocked: both loops write

    /// <summary>Of records that wait for Postgres: some half a million without tools, in large files.</summary>
    public long MaxBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Of records that Postgres refused, beside the others: nobody but an operator takes them away.</summary>
    public long MaxKeptBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Where the files are.</summary>
    public string Folder => FolderOf(replica.Number);

    /// <summary>Makes the directory where there is none; returns what earlier runs have left, oldest first, those of replicas that run no more among it. A disk that refuses is asked again.</summary>
    public async Task<IReadOnlyList<JournalFile>> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await disk.RunAsync(Open);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Fail(exception.Message);
                await Task.Delay(Patience, time, cancellationToken);
            }
        }
    }

    /// <summary>Keeps what Postgres will never take, for somebody to look at; nobody reads it again. Null when the disk does not take it either, which the caller says.</summary>
    public async Task<JournalFile?> WriteRefusedAsync(IReadOnlyList<Interception> batch)
    {
        try
        {
            return await disk.RunAsync(() => Write(batch, refused: true));
        }
        catch (Exception) // whatever it is, the others go on
        {
            return null;
        }
    }

    /// <summary>Null when the disk refuses or may not hold more. A disk that hangs is waited for.</summary>
    /// <param name="batch">At most <see cref="JournalFile.MaxRecords"/>.</param>
    public async Task<JournalFile?> WriteAsync(IReadOnlyList<Interception> batch)
    {
        var writing = disk.RunAsync(() => Write(batch, refused: false));
        await ((Task)writing).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!writing.IsCompleted)
        {
            Fail("The disk does not answer.");
        }

        try
        {
            var file = await writing;
            if (Interlocked.Exchange(ref _failing, 0) != 0)
            {
                Log.Recovered(logger, Folder);
            }

            return file;
        }
        catch (Exception exception) // whatever it is, records go on without the disk
        {
            Fail(exception.Message);
            return null;
        }
    }

    /// <summary>Null when it cannot be read now; the file stays. A line that is no record, as a crash or another version may leave one, is skipped; then, or when lines are missing, the file is not whole. For one caller at a time.</summary>
    public async Task<(List<Interception> Records, bool IsWhole)?> ReadAsync(JournalFile file)
    {
        if (!_reading.IsCompleted)
        {
            return null; // the disk still hangs, which has been said
        }

        var reading = disk.RunAsync(() => Read(file));
        _reading = reading;
        try
        {
            return await reading.WaitAsync(ReadPatience, time);
        }
        catch (Exception exception) // whatever it is, the records behind this file go on
        {
            Log.Unreadable(logger, file.Path, exception.Message);
            return null;
        }
    }

    /// <summary>Does not wait. A file that stays is written to Postgres once more at the next start, which changes nothing.</summary>
    public void Remove(JournalFile file) => disk.Run(() =>
    {
        try
        {
            if (Directory.Exists(Folder))
            {
                File.Delete(file.Path);
            }

            _bytes -= file.OnDisk;
        }
        catch (Exception exception)
        {
            Log.NotRemoved(logger, file.Path, exception.Message);
        }
    });

    /// <summary>Does not wait. Keeps a file that is not whole, for somebody to look at; nobody reads it again.</summary>
    public void SetAside(JournalFile file) => disk.Run(() =>
    {
        try
        {
            File.Move(file.Path, file.Path + ".unreadable", overwrite: true);
            _bytes -= file.OnDisk;
            _keptBytes += file.OnDisk;
        }
        catch (Exception exception)
        {
            Log.NotRemoved(logger, file.Path, exception.Message);
        }
    });

    private List<JournalFile> Open()
    {
        var folder = Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute);
        var files = FilesIn(Folder).ToList();
        var next = folder.EnumerateFiles().Max(file => JournalFile.SequenceOf(file.Name)) + 1 ?? 1;
        foreach (var number in ReplicaIdentity.OtherNumbers(_data, replica.Number).Where(number => Directory.Exists(FolderOf(number))))
        {
            try
            {
                TakeOver(number, files, ref next);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Log.NotTakenOver(logger, FolderOf(number), exception.Message);
            }
        }

        _bytes = files.Sum(file => file.OnDisk);
        _keptBytes = KeptIn(folder);
        _next = next;
        return files;
    }

    // A replica that starts meanwhile finds the number taken, and would start without its last good configuration: so it is held for moments only.
    private void TakeOver(int number, List<JournalFile> files, ref long next)
    {
        foreach (var some in FilesIn(FolderOf(number)).Chunk(TakenOverAtOnce))
        {
            using var borrowed = ReplicaIdentity.TryLock(_data, number);
            if (borrowed is null)
            {
                return; // that replica runs, and ships them itself
            }

            foreach (var file in some)
            {
                var mine = JournalFile.Named(Folder, next++, file.Records, file.Bytes);
                File.Move(file.Path, mine.Path);
                files.Add(mine);
            }
        }
    }

    private JournalFile Write(IReadOnlyList<Interception> batch, bool refused)
    {
        if (_next == 0)
        {
            throw new IOException("The directory is not open yet.");
        }

        _lines.ResetWrittenCount();
        try
        {
            Serialize(batch, _lines);
            return Write(_lines.WrittenSpan, batch.Count, refused);
        }
        finally
        {
            if (_lines.Capacity > KeepBytes)
            {
                _lines = new();
            }
        }
    }

    private JournalFile Write(ReadOnlySpan<byte> lines, int records, bool refused)
    {
        var room = JournalFile.BytesOnDisk(lines.Length);
        var folder = Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute); // somebody may have cleaned up
        if (refused && _keptBytes + room > MaxKeptBytes)
        {
            _keptBytes = KeptIn(folder); // an operator may have taken some away
        }

        var (bytes, max) = refused ? (_keptBytes, MaxKeptBytes) : (_bytes, MaxBytes);
        if (bytes + room > max)
        {
            throw new IOException($"There are {bytes} bytes of records already.");
        }

        var file = JournalFile.Named(Folder, _next++, records, lines.Length);
        file = refused ? file with { Path = file.Path + ".refused" } : file;
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = OwnerOnly };
        using var stream = new FileStream(file.Path, create);
        try
        {
            stream.Write(lines);
        }
        catch (IOException)
        {
            File.Delete(file.Path); // a part of it, on a full disk
            throw;
        }

        (refused ? ref _keptBytes : ref _bytes) += file.OnDisk;
        return file;
    }

    private static void Serialize(IReadOnlyList<Interception> batch, ArrayBufferWriter<byte> lines)
    {
        using var json = new Utf8JsonWriter(lines, Format);
        foreach (var record in batch)
        {
            JsonSerializer.Serialize(json, record, RecordJournalJson.Default.Interception);
            json.Flush();
            json.Reset();
            lines.Write("\n"u8);
        }
    }

    private (List<Interception> Records, bool IsWhole)? Read(JournalFile file)
    {
        try
        {
            return ReadLines(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            Log.Gone(logger, file.Records, file.Path);
            return ([], true);
        }
    }

    private (List<Interception> Records, bool IsWhole) ReadLines(JournalFile file)
    {
        var records = new List<Interception>();
        foreach (var line in File.ReadLines(file.Path))
        {
            try
            {
                records.Add(JsonSerializer.Deserialize(line, RecordJournalJson.Default.Interception) ?? throw new JsonException("It is null."));
            }
            catch (JsonException exception)
            {
                Log.NoRecord(logger, file.Path, exception.GetType().Name); // not its message, which quotes
            }
        }

        if (records.Count < file.Records)
        {
            Log.Torn(logger, file.Path, records.Count, file.Records);
        }

        return (records, records.Count == file.Records);
    }

    private static long KeptIn(DirectoryInfo folder) => folder.EnumerateFiles().Where(file => JournalFile.Of(file) is null).Sum(file => JournalFile.BytesOnDisk(file.Length));

    private static IOrderedEnumerable<JournalFile> FilesIn(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles().Select(JournalFile.Of).OfType<JournalFile>().OrderBy(file => file.Sequence);

    private string FolderOf(int number) => Path.Combine(_data, number == 1 ? FolderName : string.Create(CultureInfo.InvariantCulture, $"{FolderName}.{number}"));

    private void Fail(string reason)
    {
        if (Interlocked.Exchange(ref _failing, 1) == 0)
        {
            Log.NotWritten(logger, Folder, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalNotWritten, LogLevel.Error, "Records cannot be kept in {Path}: {Reason} They wait for Postgres in memory alone until they can.")]
        public static partial void NotWritten(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.JournalRecovered, LogLevel.Information, "Records are kept in {Path} again.")]
        public static partial void Recovered(ILogger logger, string path);

        [LoggerMessage(EventIds.JournalUnreadable, LogLevel.Error, "The records in {Path} cannot be read: {Reason} They are tried again in a minute, and at the next start.")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.JournalNotTakenOver, LogLevel.Error, "The records that another replica has left in {Path} cannot be taken over: {Reason} They stay where they are until the next start.")]
        public static partial void NotTakenOver(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.JournalGone, LogLevel.Error, "{Count} records are lost: somebody has taken {Path} away before Postgres had them.")]
        public static partial void Gone(ILogger logger, int count, string path);

        [LoggerMessage(EventIds.JournalLineSkipped, LogLevel.Error, "A line in {Path} is no record ({Reason}); it is skipped.")]
        public static partial void NoRecord(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.JournalTorn, LogLevel.Error, "{Path} holds {Found} of {Count} records; they are written to Postgres, and the file is kept as .unreadable.")]
        public static partial void Torn(ILogger logger, string path, int found, int count);

        [LoggerMessage(EventIds.JournalNotRemoved, LogLevel.Warning, "{Path} cannot be removed, though Postgres has its records: {Reason}")]
        public static partial void NotRemoved(ILogger logger, string path, string reason);
    }
}

/// <summary>The files' format. Files of an older version must stay readable: a new property of a record must not be required.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Interception))]
internal sealed partial class RecordJournalJson : JsonSerializerContext;
