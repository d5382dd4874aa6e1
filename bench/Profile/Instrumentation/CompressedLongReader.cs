using System.Buffers.Binary;

namespace Trinity.Bench.Profile.Instrumentation;

/// <summary>
/// Reads the runtime's compressed signed longs, one after the other. The first byte has the width: <c>0xxxxxxs</c> is a byte,
/// <c>10xxxxxx xxxxxxxs</c> two (s is the sign, the x above it the number's low bits), <c>C0</c> four more bytes, and <c>C1</c> eight more, big end first.
/// </summary>
/// <remarks>The format is that of the dotnet/runtime repository: <c>src/coreclr/tools/Common/Pgo/PgoFormat.cs</c> and <c>src/coreclr/inc/pgo_formatprocessing.h</c>.</remarks>
internal ref struct CompressedLongReader(ReadOnlySpan<byte> bytes)
{
    private const byte FourBytes = 0xC0;
    private const byte EightBytes = 0xC1;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The next number; false if there is none, be it that the bytes end or that they make no number.</summary>
    public bool TryRead(out long value)
    {
        value = 0;
        switch (_rest)
        {
            case [< 0x80, ..]:
                value = Signed(_rest[0], bits: 6);
                return Skip(1);
            case [< 0xC0, _, ..]:
                value = Signed(BinaryPrimitives.ReadUInt16BigEndian(_rest) & 0x3FFF, bits: 13);
                return Skip(2);
            case [FourBytes, _, _, _, _, ..]:
                value = BinaryPrimitives.ReadInt32BigEndian(_rest[1..]);
                return Skip(1 + sizeof(int));
            case [EightBytes, _, _, _, _, _, _, _, _, ..]:
                value = BinaryPrimitives.ReadInt64BigEndian(_rest[1..]);
                return Skip(1 + sizeof(long));
            default:
                return false;
        }
    }

    // the lowest bit is the sign, whose worth is that of the bit above the number's highest
    private static long Signed(int value, int bits) => (value & 1) == 0 ? value >> 1 : (value >> 1) - (1L << bits);

    private bool Skip(int length)
    {
        _rest = _rest[length..];
        return true;
    }
}
