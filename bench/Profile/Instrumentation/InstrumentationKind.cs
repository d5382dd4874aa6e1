namespace Trinity.Bench.Profile.Instrumentation;

/// <summary>
/// What an element of a method's instrumentation is: <c>PgoInstrumentationKind</c> in dotnet/runtime's <c>src/coreclr/inc/corjit.h</c>.
/// Four bits of storage, two of alignment (which matters in the runtime's memory only), and what it says in the bits above.
/// </summary>
internal readonly record struct InstrumentationKind(int Value)
{
    private const int StorageMask = 0xF;
    private const int DescriptorShift = 6;
    private const int BasicBlockCount = 1;
    private const int HandleHistogramCount = 2;
    private const int EdgeCount = 6;
    private const int ValueHistogramCount = 8;

    /// <summary>The element after the last one.</summary>
    public bool IsEnd => Value == 0;

    public InstrumentationStorage Storage => (InstrumentationStorage)(Value & StorageMask);

    /// <summary>Whether its values say how often something was run: a block, a way between two blocks, a call, or an operation whose operand is sampled.</summary>
    public bool IsCounter =>
        Storage is InstrumentationStorage.FourByte or InstrumentationStorage.EightByte
        && Value >> DescriptorShift is BasicBlockCount or HandleHistogramCount or EdgeCount or ValueHistogramCount;
}
