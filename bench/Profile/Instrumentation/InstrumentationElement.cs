using System.Collections.Immutable;

namespace Trinity.Bench.Profile.Instrumentation;

/// <summary>One element of what a method's code counted: what it is, where in the method, and the values; handles are addresses in the process that was traced.</summary>
internal sealed record InstrumentationElement(int ILOffset, InstrumentationKind Kind, int Count, int Other, ImmutableArray<long> Values);
