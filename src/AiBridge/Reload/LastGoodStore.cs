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

    private readonly string _path = Path.Combine(Path.GetFullPath(options.Value.Data), replica.Number == 1 ? "last-good-config.json" : $"last-good-config.{replica.Number}.json");

    private ConfigRows? _newest; // not on disk yet: left by the reload, taken by the disk's thread, each by an exchange
    private Task _writing = Task.CompletedTask; // the reload's alone

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

            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception exception) // whatever it is, the older copy must go
        {
            Log.NotWritten(logger, _path, exception.Message);
            RemoveStale();
        }
    }

    private void RemoveStale()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, _path, $"and the older copy cannot be removed either: {exception.Message}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.LastGoodUnusable, LogLevel.Warning, "The last good configuration in {Path} is unusable: {Reason}")]
        public static partial void Unusable(ILogger logger, string path, string reason);

        [LoggerMessage(EventIds.LastGoodNotWritten, LogLevel.Warning, "The last good configuration could not be kept in {Path}: {Reason}")]
        public static partial void NotWritten(ILogger logger, string path, string reason);
    }
}

[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ConfigRows))]
internal sealed partial class LastGoodJson : JsonSerializerContext;
