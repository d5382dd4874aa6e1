using System.Collections.Frozen;
using System.Reflection.Metadata;

namespace Trinity.Bench.Profile.Identities;

/// <summary>
/// The types that a signature has a byte for, and must name by it (ECMA-335 II.23.2.12). They are those of the core library and no others: an enum has the
/// form of a number, and is a type of its own all the same.
/// </summary>
internal static class PrimitiveTypes
{
    private static readonly FrozenDictionary<string, PrimitiveTypeCode> Codes =
        Enum.GetValues<PrimitiveTypeCode>().ToFrozenDictionary(code => code.ToString(), StringComparer.Ordinal);

    /// <summary>The code's names are those of the types.</summary>
    public static NamedType Type(PrimitiveTypeCode code) => new(
        NamedType.CoreLibrary,
        "System",
        code.ToString(),
        Outer: null,
        IsValueType: code is not (PrimitiveTypeCode.String or PrimitiveTypeCode.Object));

    public static PrimitiveTypeCode? Code(NamedType type) =>
        type is { Assembly: NamedType.CoreLibrary, Namespace: "System", Outer: null } && Codes.TryGetValue(type.Name, out var code) ? code : null;
}
