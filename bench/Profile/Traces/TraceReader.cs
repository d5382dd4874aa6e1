using System.Collections.Immutable;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Trinity.Bench.Profile.Traces;

/// <summary>Reads an EventPipe trace: which modules, types and methods there were, and what the methods' instrumented code has counted.</summary>
internal sealed class TraceReader
{
    private readonly Dictionary<long, LoadedModule> _modules = [];
    private readonly Dictionary<long, LoadedType> _types = [];
    private readonly Dictionary<long, LoadedMethod> _methods = [];
    private readonly InstrumentationChunks _chunks = new();

    private TraceReader()
    {
    }

    /// <exception cref="InvalidDataException">There is no such trace, it is damaged, or nothing in it was instrumented.</exception>
    public static Trace Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"There is no trace '{path}'.");
        }

        var reader = new TraceReader();
        try
        {
            reader.Process(path);
        }
        catch (Exception exception) // the library has no type of its own for what it cannot read
        {
            throw new InvalidDataException($"'{path}' is no trace, or is damaged: {exception.Message}", exception);
        }

        if (reader._chunks.Whole.Count == 0)
        {
            throw new InvalidDataException($"The trace '{path}' has no instrumentation: the process ran without the provider's keywords, or was killed. See --help.");
        }

        return new Trace
        {
            Modules = reader._modules,
            Types = reader._types,
            Methods = reader._methods,
            Instrumentation = reader._chunks.Whole,
            IncompleteMethods = reader._chunks.Incomplete,
        };
    }

    private void Process(string path)
    {
        using var source = new EventPipeEventSource(path);
        source.Clr.LoaderModuleLoad += OnModule;
        source.Clr.TypeBulkType += OnTypes;
        source.Clr.MethodMethodDetails += OnMethod;
        source.Clr.JitInstrumentationDataInstrumentationData += chunk => _chunks.Add(chunk.MethodID, chunk.MethodFlags, chunk.Data);
        source.Clr.JitInstrumentationDataVerboseInstrumentationData += chunk => _chunks.Add(chunk.MethodID, chunk.MethodFlags, chunk.Data);
        source.Process();
    }

    private void OnModule(ModuleLoadUnloadTraceData module)
    {
        if (!module.ModuleFlags.HasFlag(ModuleFlags.Dynamic)) // it has no file
        {
            _modules[module.ModuleID] = new LoadedModule(module.ModuleILPath, module.ManagedPdbSignature);
        }
    }

    private void OnTypes(GCBulkTypeTraceData types)
    {
        for (var i = 0; i < types.Count; i++)
        {
            var type = types.Values(i);
            var parameters = ImmutableArray.CreateBuilder<long>(type.TypeParameterCount);
            for (var parameter = 0; parameter < type.TypeParameterCount; parameter++)
            {
                parameters.Add((long)type.TypeParameterID(parameter));
            }

            _types[(long)type.TypeID] = new LoadedType((long)type.ModuleID, type.TypeNameID, type.CorElementType, RankOf(type.Flags), parameters.MoveToImmutable());
        }
    }

    // the library has a name for the lowest of the six bits
    private static int RankOf(TypeFlags flags) => ((int)flags / (int)TypeFlags.ArrayRankBit0) & 0x3F;

    private void OnMethod(MethodDetailsTraceData method) =>
        _methods[method.MethodID] = new LoadedMethod(method.TypeID, method.MethodToken, [.. Enumerable.Range(0, method.TypeParameterCount).Select(method.TypeParameters)]);
}
