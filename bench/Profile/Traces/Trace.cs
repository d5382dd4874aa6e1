using System.Collections.Immutable;

namespace Trinity.Bench.Profile.Traces;

/// <summary>What a trace tells. Its keys are addresses in the process that was traced.</summary>
internal sealed record Trace
{
    public required IReadOnlyDictionary<long, LoadedModule> Modules { get; init; }

    public required IReadOnlyDictionary<long, LoadedType> Types { get; init; }

    public required IReadOnlyDictionary<long, LoadedMethod> Methods { get; init; }

    /// <summary>What the code of each method counted, as the runtime encodes it (see <see cref="Instrumentation.InstrumentationReader"/>).</summary>
    public required IReadOnlyDictionary<long, byte[]> Instrumentation { get; init; }

    /// <summary>Methods of whose instrumentation a part is missing.</summary>
    public required int IncompleteMethods { get; init; }
}

/// <summary>A module with an assembly's file.</summary>
/// <param name="Path">The file, on the machine that was traced.</param>
/// <param name="Build">The id that its build has in its debug directory; empty if it has none.</param>
internal sealed record LoadedModule(string Path, Guid Build);

/// <summary>A type as the runtime's <c>BulkType</c> event says it.</summary>
/// <param name="ModuleId">Where it is defined.</param>
/// <param name="Token">Its definition, which for an array or pointer means nothing.</param>
/// <param name="ElementType">
/// Its <c>CorElementType</c> (ECMA-335 II.23.1.16). That of an enum is its underlying number's, so it tells arrays, pointers and references apart,
/// and no more.
/// </param>
/// <param name="Rank">The dimensions of an array.</param>
/// <param name="Parameters">A generic type's arguments, or what an array, pointer or reference is of.</param>
internal sealed record LoadedType(long ModuleId, int Token, byte ElementType, int Rank, ImmutableArray<long> Parameters);

/// <summary>A method as the runtime's <c>MethodDetails</c> event says it.</summary>
internal sealed record LoadedMethod(long TypeId, int Token, ImmutableArray<long> Parameters);
