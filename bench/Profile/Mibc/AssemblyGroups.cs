using System.Collections.Immutable;
using Trinity.Bench.Profile.Identities;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>
/// Sorts a profile's methods into groups by the assemblies that they need, so that a compiler can pass over what is not of its assemblies. A group's name is
/// the assembly that defines the method, then those of its generic arguments in order, a semicolon after each.
/// </summary>
internal static class AssemblyGroups
{
    public static ImmutableSortedDictionary<string, ImmutableArray<MethodProfile>> Of(IEnumerable<MethodProfile> methods) =>
        methods.GroupBy(method => NameOf(method.Method), StringComparer.Ordinal)
            .ToImmutableSortedDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);

    public static string NameOf(MethodIdentity method)
    {
        var first = method.Definition.Assembly;
        var others = AssembliesOf(method.Owner).Concat(method.Arguments.SelectMany(AssembliesOf));
        return string.Concat(others.Where(name => name != first).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Prepend(first).Select(name => name + ";"));
    }

    private static IEnumerable<string> AssembliesOf(TypeIdentity type) => type switch
    {
        NamedType named when PrimitiveTypes.Code(named) is not null || named.Assembly == NamedType.CanonicalLibrary => [], // every compiler has them
        NamedType named => [named.Assembly],
        GenericType generic => generic.Arguments.SelectMany(AssembliesOf).Append(generic.Definition.Assembly),
        VectorType vector => AssembliesOf(vector.Element),
        ArrayType array => AssembliesOf(array.Element),
        PointerType pointer => AssembliesOf(pointer.Element),
        ByReferenceType reference => AssembliesOf(reference.Element),
        _ => [],
    };
}
