using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Bytes, and the sizes of the parts that they come in, over and over.</summary>
internal sealed record SplitBytes(byte[] Bytes, int[] Sizes)
{
    /// <summary>The ways to cut: byte by byte, a few bytes at a time, or as large as a network's packets.</summary>
    public static Gen<int[]> Splits { get; } = Gen.Frequency(
        (1, Gen.Constant<int[]>([1])),
        (4, Gen.Choose(1, 7).NonEmptyListOf().Select(sizes => sizes.ToArray())),
        (2, Gen.Choose(1, 1500).NonEmptyListOf().Select(sizes => sizes.ToArray())));

    public static Gen<SplitBytes> Of(Gen<byte[]> bytes) => from all in bytes from sizes in Splits select new SplitBytes(all, sizes);

    public IEnumerable<ReadOnlyMemory<byte>> Parts()
    {
        var start = 0;
        for (var i = 0; start < Bytes.Length; i++)
        {
            var size = Math.Min(Sizes[i % Sizes.Length], Bytes.Length - start);
            yield return Bytes.AsMemory(start, size);
            start += size;
        }
    }

    /// <summary>Simpler cases: without a stretch of the bytes, or cut in a simpler way.</summary>
    public static IEnumerable<SplitBytes> Shrink(SplitBytes split) =>
        ShrinkBytes(split.Bytes).Select(bytes => split with { Bytes = bytes })
            .Concat(split.Sizes.Length > 1 ? split.Sizes.Select(size => split with { Sizes = [size] }) : []);

    public static IEnumerable<byte[]> ShrinkBytes(byte[] bytes)
    {
        for (var length = bytes.Length; length > 0; length /= 2)
        {
            for (var start = 0; start < bytes.Length; start += length)
            {
                yield return [.. bytes[..start], .. bytes[Math.Min(bytes.Length, start + length)..]];
            }
        }
    }

    public override string ToString() => $"\"{Escape(Bytes)}\" in parts of {string.Join(", ", Sizes)}";

    /// <summary>Bytes as a C# literal shows them.</summary>
    public static string Escape(byte[] bytes)
    {
        var text = new StringBuilder();
        foreach (var value in bytes)
        {
            _ = value switch
            {
                (byte)'\r' => text.Append("\\r"),
                (byte)'\n' => text.Append("\\n"),
                (byte)'"' or (byte)'\\' => text.Append('\\').Append((char)value),
                >= 0x20 and < 0x7f => text.Append((char)value),
                _ => text.Append("\\x").Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)),
            };
        }

        return text.ToString();
    }
}
