using System.Globalization;

namespace Trinity.AiBridge.Recording;

/// <summary>A batch of records on disk. Its name orders it and says how many it holds.</summary>
internal sealed record JournalFile(string Path, long Sequence, int Records, long Bytes)
{
    /// <summary>Of records.</summary>
    public const int MaxRecords = 1000;

    private const string Extension = ".jsonl";
    private const int Digits = 12;
    private const int BlockBytes = 4096;

    /// <summary>What it takes of the disk: whole blocks.</summary>
    public long OnDisk => BytesOnDisk(Bytes);

    public static long BytesOnDisk(long bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    public static JournalFile Named(string directory, long sequence, int records, long bytes) =>
        new(System.IO.Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{sequence:D12}-{records}{Extension}")), sequence, records, bytes);

    /// <summary>The number that a file's name begins with, whatever has become of the file; null: it has none.</summary>
    public static long? SequenceOf(string name) =>
        name.Length > Digits && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Null for a file that is none of ours.</summary>
    public static JournalFile? Of(FileInfo file) =>
        file.Extension == Extension
        && System.IO.Path.GetFileNameWithoutExtension(file.Name).Split('-') is [{ Length: Digits } sequence, var records]
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(records, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count is > 0 and <= MaxRecords
            ? new JournalFile(file.FullName, number, count, file.Length)
            : null;
}
