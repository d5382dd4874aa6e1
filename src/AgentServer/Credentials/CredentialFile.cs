using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Trinity.AgentServer.Credentials;

/// <summary>The durable override: the last reloaded credential, in the container's own layer.</summary>
/// <remarks>
/// Tasks run as the same user, and so may write here. A tag (HMAC-SHA256 under a key derived from the agent's token) tells what the server wrote from what
/// a task planted. The key is out of their reach because the server is non-dumpable (<see cref="LinuxCalls.ForbidDumps"/>).
/// </remarks>
internal sealed partial class CredentialFile
{
    private const int LongestFile = 64 * 1024;
    private const int TagLength = 64;
    private const string KeyPurpose = "trinity agent credential file v1";

    private readonly byte[] _key;
    private readonly ILogger<CredentialFile> _logger;

    public CredentialFile(IOptions<AgentServerOptions> options, ILogger<CredentialFile> logger)
    {
        Path = options.Value.CredentialFile;
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes("agent token:" + options.Value.Token), 32, info: Encoding.UTF8.GetBytes(KeyPurpose));
        _logger = logger;
    }

    public string Path { get; }

    /// <summary>What was last written. Null: nothing was, or it is not what this server wrote, which is logged.</summary>
    public CredentialFileContent? Read()
    {
        if (!System.IO.Path.Exists(Path) && new FileInfo(Path).LinkTarget is null)
        {
            return null;
        }

        try
        {
            var (content, problem) = Parse(ReadBytes());
            if (problem is not null)
            {
                Log.Ignored(_logger, Path, problem);
            }

            return content;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Log.Ignored(_logger, Path, "it cannot be read: " + unreadable.Message);
            return null;
        }
    }

    /// <summary>Replaces the file so that a crash leaves either the old or the new one, and nobody else can read it at any moment.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing was changed.</exception>
    public void Write(CredentialFileContent content)
    {
        using var folder = LinuxCalls.OpenFolder(System.IO.Path.GetDirectoryName(Path)!);
        var next = Path + ".new";
        File.Delete(next); // of a process that was killed while it wrote
        try
        {
            // CreateNew: the mode holds from the first instant, and no planted link is followed. The rename then replaces a looser file, mode and all.
            using (var stream = new FileStream(next, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                stream.Write(Format(content));
                stream.Flush(flushToDisk: true);
            }

            File.Move(next, Path, overwrite: true);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            Discard(next);
            throw;
        }

        // Past the rename the new credential is the one on disk. Should this fail, a power cut may bring the old one back, whose generation tells.
        if (!LinuxCalls.Sync(folder))
        {
            Log.FolderNotSynced(_logger, Path);
        }
    }

    private byte[] Format(CredentialFileContent content)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(content, CredentialFileJson.Default.CredentialFileContent);
        return [.. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(_key, json))), (byte)'\n', .. json];
    }

    private (CredentialFileContent? Content, string? Problem) Parse(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return (null, "it is empty");
        }

        if (bytes.Length <= TagLength || bytes.Length > LongestFile || bytes[TagLength] != '\n')
        {
            return (null, "it is not of the form that this server writes");
        }

        var json = bytes.AsSpan(TagLength + 1);
        var expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(_key, json)));
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes.AsSpan(0, TagLength)))
        {
            return (null, "its tag is wrong: something else wrote it, or the agent's token has changed");
        }

        try
        {
            return (JsonSerializer.Deserialize(json, CredentialFileJson.Default.CredentialFileContent), null);
        }
        catch (JsonException)
        {
            return (null, "another version of this server wrote it");
        }
    }

    private byte[] ReadBytes()
    {
        using var file = LinuxCalls.OpenPlain(Path);
        var length = RandomAccess.GetLength(file); // refuses what is no plain file
        var bytes = new byte[Math.Min(length, LongestFile + 1)];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), read) is > 0 and var count)
        {
            read += count;
        }

        return bytes[..read];
    }

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report; the next write removes what is left.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.OverrideIgnored, LogLevel.Warning, "The credential file {Path} is ignored: {Problem}.")]
        public static partial void Ignored(ILogger logger, string path, string problem);

        [LoggerMessage(EventIds.FolderNotSynced, LogLevel.Warning, "The folder of {Path} could not be synchronised to disk.")]
        public static partial void FolderNotSynced(ILogger logger, string path);
    }
}

/// <summary>What the file holds; after a revocation, no secret.</summary>
internal sealed record CredentialFileContent
{
    public required long Generation { get; init; }

    public string? RequestId { get; init; }

    public Guid? SubscriptionId { get; init; }

    public string? Token { get; init; }

    public string? BaseUrl { get; init; }

    public string? VirtualKey { get; init; }

    /// <summary>The API key of a reload; the one that the container was created with is not written here.</summary>
    public string? ApiKey { get; init; }

    public bool IsApiKeyRemoved { get; init; }

    public bool IsRevoked { get; init; }

    public string ContentHash { get; init; } = "";

    public override string ToString() => $"credential file, generation {Generation}"; // a record would print its secrets
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CredentialFileContent))]
internal sealed partial class CredentialFileJson : JsonSerializerContext;
