using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.OperatorTokens;

/// <summary>Gives a fresh installation its first admin token, in the file <c>operator-token</c> of the data directory.</summary>
internal sealed partial class OperatorTokenFile(
    IOptions<TrinityOptions> options, OperatorTokenStore store, OperatorTokenService tokens, WriteTransactions writes, ILogger<OperatorTokenFile> logger)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Does nothing once there is an active token. Control planes that start at once take turns, so one token is made.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await store.CountActiveAsync(write.Connection, role: null, cancellationToken) > 0)
        {
            return;
        }

        var path = Path.Combine(Directory.CreateDirectory(options.Value.Data).FullName, "operator-token");
        var created = await tokens.AddAsync(write, "admin", OperatorRoles.Admin, "control-plane", cancellationToken);

        // File first: should the commit fail, the file's token opens nothing and the next start replaces it.
        await WriteAsync(path, created.Token, cancellationToken);
        await write.CommitAsync(cancellationToken);
        Log.OperatorTokenWritten(logger, path);
    }

    private static async Task WriteAsync(string path, string token, CancellationToken cancellationToken)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.Delete(temporary); // a leftover could have another mode
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, Options = FileOptions.Asynchronous };
        await using (var stream = new FileStream(temporary, create))
        {
            await using var writer = new StreamWriter(stream, leaveOpen: true);
            await writer.WriteAsync((token + "\n").AsMemory(), cancellationToken);
            await writer.FlushAsync(cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.OperatorTokenWritten, LogLevel.Information, "The first operator token (role admin) is in {Path}.")]
        public static partial void OperatorTokenWritten(ILogger logger, string path);
    }
}
