using System.Buffers.Binary;

namespace Trinity.Bench.Tests;

/// <summary>Longs as the runtime writes them, each in the widest form, which is allowed for all.</summary>
internal static class CompressedLongs
{
    public static byte[] Of(params IEnumerable<long> values) => [.. values.SelectMany(value =>
    {
        var bytes = new byte[9];
        bytes[0] = 0xC1;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), value);
        return bytes;
    })];
}
