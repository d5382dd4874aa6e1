using System.Collections.Immutable;

namespace Trinity.Bench.Profile.Instrumentation;

/// <summary>
/// Decodes what the runtime says of one method in its <c>JitInstrumentationData</c> events: compressed longs that are elements, each of them
/// (1) a mask of what differs from the element before, (2) the differences, (3) as many values as it counts, as differences to the value before of the
/// same storage. A kind of zero is the end. Format: dotnet/runtime, <c>src/coreclr/inc/pgo_formatprocessing.h</c>.
/// </summary>
internal ref struct InstrumentationReader
{
    private const int ILOffsetDiffers = 1;
    private const int KindDiffers = 2;
    private const int CountDiffers = 4;
    private const int OtherDiffers = 8;

    private CompressedLongReader _longs;
    private long _lastNumber;
    private long _lastType;
    private long _lastMethod;

    private InstrumentationReader(ReadOnlySpan<byte> bytes) => _longs = new CompressedLongReader(bytes);

    /// <summary>Reads all elements; false if the bytes are not whole, or have a storage that nobody knows.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ImmutableArray<InstrumentationElement> elements) =>
        new InstrumentationReader(bytes).TryReadAll(out elements);

    private bool TryReadAll(out ImmutableArray<InstrumentationElement> elements)
    {
        elements = [];
        var read = ImmutableArray.CreateBuilder<InstrumentationElement>();
        var (offset, kind, count, other) = (0, 0, 0, 0);
        while (true)
        {
            // (1) (2)
            if (!_longs.TryRead(out var mask)
                || !TryAdvance(mask, ILOffsetDiffers, ref offset)
                || !TryAdvance(mask, KindDiffers, ref kind)
                || !TryAdvance(mask, CountDiffers, ref count)
                || !TryAdvance(mask, OtherDiffers, ref other))
            {
                return false;
            }

            var elementKind = new InstrumentationKind(kind);
            if (elementKind.IsEnd)
            {
                elements = read.ToImmutable();
                return true;
            }

            // (3)
            if (!TryReadValues(elementKind.Storage, count, out var values))
            {
                return false;
            }

            read.Add(new InstrumentationElement(offset, elementKind, count, other, values));
        }
    }

    // a field has 32 bits, of which the highest may be a flag: a difference can be larger, and its lower half leads to the field all the same
    private bool TryAdvance(long mask, int differs, ref int field)
    {
        if ((mask & differs) == 0)
        {
            return true;
        }

        var isThere = _longs.TryRead(out var difference);
        field = unchecked(field + (int)difference);
        return isThere;
    }

    private bool TryReadValues(InstrumentationStorage storage, int count, out ImmutableArray<long> values)
    {
        values = [];
        var read = ImmutableArray.CreateBuilder<long>();
        for (var left = storage == InstrumentationStorage.None ? 0 : count; left > 0; left--)
        {
            if (!_longs.TryRead(out var difference))
            {
                return false;
            }

            switch (storage)
            {
                case InstrumentationStorage.FourByte or InstrumentationStorage.EightByte:
                    read.Add(_lastNumber = unchecked(_lastNumber + difference));
                    break;
                case InstrumentationStorage.TypeHandle:
                    read.Add(_lastType = unchecked(_lastType + difference));
                    break;
                case InstrumentationStorage.MethodHandle:
                    read.Add(_lastMethod = unchecked(_lastMethod + difference));
                    break;
                default:
                    return false;
            }
        }

        values = read.ToImmutable();
        return true;
    }
}
