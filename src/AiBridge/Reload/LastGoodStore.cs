using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>The last good configuration on local disk, secrets encrypted as in the database: a replica that starts while Postgres is down serves from it.</summary>
internal sealed partial class LastGoodStore(IOptions<TrinityOptions> options, ReplicaIdentity replica, ILogger<LastGoodStore> logger)
{
    private readonly string _path = Path.Combine(Path.GetFullPath(options.Value.Data), replica.Number == 1 ? "last-good-config.json" : $"last-good-config.{replica.Number}.json");

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
    /// <remarks>On a thread of its own: flushing waits for the disk, and a small machine's pool has one thread, which the requests need.</remarks>
    public Task WriteAsync(ConfigRows rows, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Write(rows), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
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
