namespace Trinity.Bench.Profile.Traces;

/// <summary>
/// Puts the chunks of each method's instrumentation together. The flags of an event have the chunk's number in their low bits, and the highest bit on
/// the last chunk (dotnet/runtime, <c>JitInstrumentationData</c> in <c>src/coreclr/vm/ClrEtwAll.man</c>).
/// </summary>
/// <remarks>The chunks of a method come in order. Under load events are lost: a method with a gap is left out, for what follows a gap means nothing.</remarks>
internal sealed class InstrumentationChunks
{
    private const int NumberMask = int.MaxValue;

    private readonly Dictionary<long, List<byte[]>> _begun = [];
    private readonly Dictionary<long, byte[]> _whole = [];
    private readonly HashSet<long> _seen = [];

    public IReadOnlyDictionary<long, byte[]> Whole => _whole;

    /// <summary>Methods with a gap or without an end.</summary>
    public int Incomplete => _seen.Count - _whole.Count;

    public void Add(long methodId, int flags, byte[] bytes)
    {
        _seen.Add(methodId);
        var number = flags & NumberMask;
        if (number == 0)
        {
            _whole.Remove(methodId); // told anew
            _begun[methodId] = [];
        }

        if (!_begun.TryGetValue(methodId, out var chunks))
        {
            return;
        }

        if (number != chunks.Count)
        {
            _begun.Remove(methodId);
            return;
        }

        chunks.Add(bytes);
        if (flags < 0)
        {
            _begun.Remove(methodId);
            _whole[methodId] = [.. chunks.SelectMany(chunk => chunk)];
        }
    }
}
