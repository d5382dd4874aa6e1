namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>One file of a home as it was found. Whatever is wrong with it is a value: a home is somebody else's, and may be damaged in any way.</summary>
/// <param name="Content">Null: there is no such file, or it cannot be used.</param>
/// <param name="Damage">What is wrong with it, such as <c>cannot be read</c>; null: nothing, or there is no such file.</param>
/// <param name="Stamp">Its size and when it was last written, where that is known.</param>
internal sealed record HomeFile(byte[]? Content, string? Damage, (long Size, long WrittenAt) Stamp)
{
    public const int MaxBytes = 1024 * 1024;

    private static readonly HomeFile Missing = new(null, null, default);

    public bool Exists => Content is not null || Damage is not null;

    /// <summary>Follows links, as the home's own programs do.</summary>
    public static HomeFile Read(string path)
    {
        var stamp = default((long, long));
        try
        {
            var file = File.ResolveLinkTarget(path, returnFinalTarget: true) is FileSystemInfo target ? new FileInfo(target.FullName) : new FileInfo(path);
            if (Directory.Exists(file.FullName))
            {
                return new HomeFile(null, "is a directory", default);
            }

            stamp = (file.Length, file.LastWriteTimeUtc.Ticks);
            return file.Length switch
            {
                0 => new HomeFile([], null, stamp), // pipes and devices have no length either: opening one could wait for ever
                > MaxBytes => new HomeFile(null, "is larger than 1 MiB", stamp),
                _ => Read(file, stamp),
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return new HomeFile(null, "cannot be read", stamp);
        }
    }

    private static HomeFile Read(FileInfo file, (long Size, long WrittenAt) stamp)
    {
        using var stream = file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[stamp.Size];
        var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false); // what grows meanwhile is read the next time
        return new HomeFile(content[..length], null, stamp);
    }
}
