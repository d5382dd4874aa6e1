using System.Collections.Immutable;
using System.Reflection.Metadata;
using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Profile.Identities;

/// <summary>Finds what a trace's ids stand for. What is in a dynamic module, or was not told, has no name, and the answer is null.</summary>
internal sealed class IdentityResolver(Trace trace, ModuleCatalog modules)
{
    /// <summary>No real type is so deep; one of a damaged trace may contain itself.</summary>
    private const int MaximumDepth = 50;

    private readonly Dictionary<long, TypeIdentity?> _types = [];
    private readonly Dictionary<long, MethodIdentity?> _methods = [];

    public TypeIdentity? Type(long id)
    {
        if (!_types.TryGetValue(id, out var type))
        {
            _types[id] = type = Type(id, depth: 0);
        }

        return type;
    }

    public MethodIdentity? Method(long id)
    {
        if (!_methods.TryGetValue(id, out var method))
        {
            _methods[id] = method = FindMethod(id);
        }

        return method;
    }

    private TypeIdentity? Type(long id, int depth)
    {
        if (depth > MaximumDepth || !trace.Types.TryGetValue(id, out var type))
        {
            return null;
        }

        return (SignatureTypeCode)type.ElementType switch
        {
            SignatureTypeCode.SZArray => Element(type, depth) is { } element ? new VectorType(element) : null,
            SignatureTypeCode.Array => Element(type, depth) is { } element && type.Rank > 0 ? new ArrayType(element, new ArrayShape(type.Rank, [], [])) : null,
            SignatureTypeCode.Pointer => Element(type, depth) is { } element ? new PointerType(element) : null,
            SignatureTypeCode.ByReference => Element(type, depth) is { } element ? new ByReferenceType(element) : null,
            SignatureTypeCode.FunctionPointer => null, // the trace does not say how its target is called
            _ => Named(type, depth),
        };
    }

    private TypeIdentity? Element(LoadedType type, int depth) => type.Parameters is [var element] ? Type(element, depth + 1) : null;

    private TypeIdentity? Named(LoadedType type, int depth)
    {
        if (modules.Find(type.ModuleId)?.Type(type.Token) is not { } definition)
        {
            return null;
        }

        if (type.Parameters.IsEmpty)
        {
            return definition;
        }

        return All(type.Parameters, depth + 1) is { } arguments ? new GenericType(definition, arguments) : null;
    }

    private ImmutableArray<TypeIdentity>? All(ImmutableArray<long> ids, int depth)
    {
        var types = ids.Select(id => Type(id, depth)).OfType<TypeIdentity>().ToImmutableArray();
        return types.Length == ids.Length ? types : null;
    }

    private MethodIdentity? FindMethod(long id)
    {
        if (!trace.Methods.TryGetValue(id, out var method)
            || !trace.Types.TryGetValue(method.TypeId, out var type)
            || Type(method.TypeId) is not { } owner
            || Definition(owner) is not { } definition
            || modules.Find(type.ModuleId)?.Method(method.Token) is not var (name, signature)
            || All(method.Parameters, depth: 0) is not { } arguments)
        {
            return null;
        }

        return new MethodIdentity(owner, definition, name, signature, arguments);
    }

    // the methods of an array have no definition
    private static NamedType? Definition(TypeIdentity owner) => owner switch
    {
        NamedType named => named,
        GenericType generic => generic.Definition,
        _ => null,
    };
}
