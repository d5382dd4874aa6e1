using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>The last good configuration on local disk, secrets encrypted as in the database: a replica that starts while Postgres is down serves from it.</summary>
internal sealed partial class LastGoodStore(IOptions<TrinityOptions> options, ReplicaIdentity replica, DiskThread disk, TimeProvider time, ILogger<LastGoodStore> logger)
{
    /// <summary>For a disk to take a copy; then changes are applied without it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(150);

    /// <summary>Between two attempts to write what the disk has refused.</summary>
    public static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(5);

    private readonly string _path = Path.Combine(Path.GetFullPath(options.Value.Data), replica.Number == 1 ? "last-good-config.json" : $"last-good-config.{replica.Number}.json");

    private ConfigRows? _newest; // not on disk yet: left by the reload, taken by the disk's thread, each by an exchange
    private Task _writing = Task.CompletedTask; // the reload's alone
    private volatile ConfigRows? _refused; // by the disk, and nothing newer written since; the disk's thread's alone, others see whether there is one
    private long _triedAt; // when it was; volatile: the disk's thread writes it, the beat reads it
    private int _again; // 1: an attempt is under way; interlocked

    /// <summary>Null when there is none that can be read.</summary>
    public async Task<ConfigRows?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        try
        {
            await using var file = File.OpenRead(_path);
            return await JsonSerializer.DeserializeAsync(file, LastGoodJson.Default.ConfigRows, cancellationToken) ?? throw new JsonException("It holds no configuration.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.Unusable(logger, _path, exception.Message);
            return null;
        }
    }

    /// <summary>Replaces the copy atomically. A disk that refuses is a warning, not a failed reload: but the stale copy must go, lest it serve a retired key.</summary>
    /// <remarks>Not on the pool's threads: flushing waits for the disk, and a small machine's pool has one thread, which the requests need.</remarks>
    /// <returns>When it is on disk, or when the disk has taken too long; then the newest copy is written as soon as the disk answers.</returns>
    public async Task WriteAsync(ConfigRows rows)
    {
        Interlocked.Exchange(ref _newest, rows);
        var hangs = !_writing.IsCompleted;
        var writing = disk.RunAsync(WriteNewest);
        _writing = writing;
        if (hangs)
        {
            return; // which has been said
        }

        await ((Task)writing).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!writing.IsCompleted)
        {
            Log.NotWritten(logger, _path, "The disk does not answer. Until it does, a restart without Postgres would bring an older configuration back.");
            return;
        }

        await writing;
    }

    /// <summary>For every beat; does not wait. What the disk has refused is tried again from time to time: until the next change nothing else would write it.</summary>
    public void TryAgain()
    {
        if (_refused is null || time.GetElapsedTime(Volatile.Read(ref _triedAt)) < TryAgainAfter || Interlocked.Exchange(ref _again, 1) != 0)
        {
            return;
        }

        _ = disk.RunAsync(WriteRefused);
    }

    private bool WriteRefused()
    {
        if (_refused is { } rows)
        {
            Write(rows);
        }

        Volatile.Write(ref _again, 0);
        return true;
    }

    private bool WriteNewest()
    {
        if (Interlocked.Exchange(ref _newest, null) is { } rows)
        {
            Write(rows);
        }

        return true;
    }

    private void Write(ConfigRows rows)
    {
        var temporary = _path + ".tmp";
        try
        {
            var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var file = new FileStream(temporary, create))
            {
                JsonSerializer.Serialize(file, rows, LastGoodJson.Default.ConfigRows);
                file.Flush(flushToDisk: true);
            }

            if (ReferenceEquals(_refused, rows) && Volatile.Read(ref _newest) is not null)
            {
                return; // something newer may have been reported as applied meanwhile, and is written next
            }

            File.Move(temporary, _path, overwrite: true);
            if (_refused is not null)
            {
                _refused = null;
                Log.Kept(logger, _path);
            }
        }
        catch (Exception exception) // whatever it is, the older copy must go
        {
            Volatile.Write(ref _triedAt, time.GetTimestamp());
            var first = !ReferenceEquals(_refused, rows);
            _refused = rows;
            if (first)
            {
                Log.NotWritten(logger, _path, exception.Message);
            }

            RemoveStale(say: first);
        }
    }

    private void RemoveStale(bool say)
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) // whatever it is, the disk's thread goes on
        {
            if (say)
            {
                Log.NotWritten(logger, _path, $"and the older copy cannot be removed either: {exception.Message}");
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.LastGoodUnusable, LogLevel.Warning, "The last good configuration in {Path} is unusable: {Reason}")]
        public static partial void Unusable(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.LastGoodNotWritten, LogLevel.Warning, "The last good configuration could not be kept in {Path}: {Reason}")]
        public static partial void NotWritten(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.LastGoodKept, LogLevel.Information, "The last good configuration is kept in {Path} again.")]
        public static partial void Kept(ILogger logger, string path);
    }
}

[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ConfigRows))]
internal sealed partial class LastGoodJson : JsonSerializerContext;
