using System.Collections.Immutable;
using System.IO.Compression;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>A MIBC file: a ZIP archive whose one entry, named as the file with <c>.dll</c> after it, is the <see cref="MibcImage"/>.</summary>
internal static class MibcArchive
{
    /// <summary>The entry's time, always the same, so that the same profile is the same file. It is the earliest that the format knows.</summary>
    private static readonly DateTimeOffset Timestamp = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="fileName">The name that the file will have: readers look for the entry by it.</param>
    public static byte[] Write(string fileName, ImmutableArray<MethodProfile> methods)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            var entry = archive.CreateEntry(fileName + ".dll", CompressionLevel.SmallestSize);
            entry.LastWriteTime = Timestamp;
            using var image = entry.Open();
            MibcImage.Write(fileName, methods).WriteContentTo(image);
        }

        return bytes.ToArray();
    }
}
