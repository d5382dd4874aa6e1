using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using Trinity.Bench.Profile;
using Trinity.Bench.Profile.Identities;
using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Tests;

/// <summary>Makes a trace by hand, of types and methods of this process.</summary>
internal sealed class ProfileTraceBuilder
{
    private readonly Dictionary<object, long> _ids = [];
    private readonly Dictionary<long, LoadedModule> _modules = [];
    private readonly Dictionary<long, LoadedType> _types = [];
    private readonly Dictionary<long, LoadedMethod> _methods = [];
    private readonly Dictionary<long, byte[]> _instrumentation = [];

    public ProfileTraceBuilder Counted(MethodBase method, long count) => Instrumented(method, 15, 0, 0x181, 1, 0, count, 2, -0x181);

    public ProfileTraceBuilder Instrumented(MethodBase method, params long[] longs)
    {
        _instrumentation[Method(method)] = CompressedLongs.Of(longs);
        return this;
    }

    /// <summary>A method of which the trace says nothing but what it counted.</summary>
    public ProfileTraceBuilder CountedUnknown(long count)
    {
        _instrumentation[Id(new object())] = CompressedLongs.Of(15, 0, 0x181, 1, 0, count, 2, -0x181);
        return this;
    }

    public ProfileTraceBuilder FromBuild(Assembly assembly, Guid build)
    {
        _modules[Module(assembly.ManifestModule)] = new LoadedModule(assembly.Location, build);
        return this;
    }

    public ProfileSelection Select()
    {
        var trace = new Trace { Modules = _modules, Types = _types, Methods = _methods, Instrumentation = _instrumentation, IncompleteMethods = 0 };
        using var modules = new ModuleCatalog(_modules);
        return ProfileSelection.Of(trace, new IdentityResolver(trace, modules));
    }

    public long Method(MethodBase method)
    {
        var id = Id(method);
        _methods[id] = new LoadedMethod(Type(method.DeclaringType!), method.MetadataToken, method.IsGenericMethod ? [.. method.GetGenericArguments().Select(Type)] : []);
        return id;
    }

    public long Type(Type type)
    {
        var id = Id(type);
        ImmutableArray<long> parameters = type.HasElementType ? [Type(type.GetElementType()!)] : [.. type.GenericTypeArguments.Select(Type)];
        _types[id] = new LoadedType(Module(type.Module), type.HasElementType ? 0 : type.MetadataToken, (byte)ElementTypeOf(type), type.IsArray ? type.GetArrayRank() : 0, parameters);
        return id;
    }

    // as the runtime says it: an enum is what its numbers are
    private static SignatureTypeCode ElementTypeOf(Type type) => type switch
    {
        { IsSZArray: true } => SignatureTypeCode.SZArray,
        { IsArray: true } => SignatureTypeCode.Array,
        { IsPointer: true } => SignatureTypeCode.Pointer,
        { IsByRef: true } => SignatureTypeCode.ByReference,
        { IsEnum: true } => SignatureTypeCode.Int32,
        _ when type == typeof(int) => SignatureTypeCode.Int32,
        _ when type == typeof(string) => SignatureTypeCode.String,
        { IsValueType: true } => (SignatureTypeCode)SignatureTypeKind.ValueType,
        _ => (SignatureTypeCode)SignatureTypeKind.Class,
    };

    private long Module(Module module)
    {
        var id = Id(module);
        _modules.TryAdd(id, new LoadedModule(module.Assembly.Location, Guid.Empty));
        return id;
    }

    private long Id(object of)
    {
        if (!_ids.TryGetValue(of, out var id))
        {
            _ids[of] = id = 0x7F00_0000_0000 + (_ids.Count * 8);
        }

        return id;
    }
}
