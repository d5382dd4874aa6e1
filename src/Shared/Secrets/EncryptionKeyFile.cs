using System.Globalization;
using System.Security.Cryptography;

namespace Trinity.Shared.Secrets;

/// <summary>The key ring's file in the data directory: mode 0600 from its creation, one <c>id:base64</c> line per key, the first encrypts.</summary>
public static class EncryptionKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int WouldBlockLinux = 11; // EAGAIN, as FileStream reports a lock that another handle holds
    private const int WouldBlockMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Makes the file with one fresh key unless it exists; of several processes that try at once, one wins and all use its key.</summary>
    /// <exception cref="IOException">The file cannot be written, or another process has held the turn for 10 s.</exception>
    public static void EnsureExists(string path, TimeProvider time)
    {
        if (File.Exists(path))
        {
            return;
        }

        // Moving without overwriting is no protection: it looks first and renames afterwards, so that two can pass the look.
        FileStream? turn = null;
        if (!SpinWait.SpinUntil(() => (turn = TryTakeTurn(path)) is not null, TurnTimeout))
        {
            throw new IOException($"Another process has been making the key file {path} for {TurnTimeout.TotalSeconds} s.");
        }

        using (turn)
        {
            if (!File.Exists(path))
            {
                File.Move(Write(path, NewEntry(time)), path, overwrite: false);
            }
        }
    }

    /// <summary>Puts a fresh key first; the older ones stay for decryption. Returns the new key's id.</summary>
    /// <exception cref="IOException">The file cannot be read or written, or another process is adding a key right now.</exception>
    public static string AddKey(string path, TimeProvider time)
    {
        // Two writers at once would lose one of the keys, and with it whatever was encrypted by it.
        using var turn = TryTakeTurn(path) ?? throw new IOException($"Another process is writing the key file {path} right now.");
        var entry = NewEntry(time);
        File.Move(Write(path, entry + File.ReadAllText(path)), path, overwrite: true);
        return entry[..entry.IndexOf(':', StringComparison.Ordinal)];
    }

    // Null while another one has it. The lock file stays: deleting it would race.
    private static FileStream? TryTakeTurn(string path)
    {
        try
        {
            return new FileStream($"{path}.lock", OwnerOnlyFile(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (IOException exception) when (exception.HResult is WouldBlockLinux or WouldBlockMac or SharingViolation)
        {
            return null;
        }
    }

    // The name is random, because threads share a process id, and containers on one volume share small ones; the file is new, so its mode is ours.
    private static string Write(string path, string content)
    {
        var temporary = $"{path}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.tmp";
        using var stream = new FileStream(temporary, OwnerOnlyFile(FileMode.CreateNew, FileShare.None));
        using var writer = new StreamWriter(stream);
        writer.Write(content);
        writer.Flush();
        stream.Flush(flushToDisk: true);
        return temporary;
    }

    private static FileStreamOptions OwnerOnlyFile(FileMode mode, FileShare share) =>
        new() { Mode = mode, Access = FileAccess.Write, Share = share, UnixCreateMode = OwnerOnly };

    private static string NewEntry(TimeProvider time)
    {
        var suffix = RandomNumberGenerator.GetHexString(6, lowercase: true);
        var id = string.Create(CultureInfo.InvariantCulture, $"k{time.GetUtcNow():yyyyMMdd}-{suffix}");
        return $"{id}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}\n";
    }
}
