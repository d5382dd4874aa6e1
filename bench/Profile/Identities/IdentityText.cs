using System.Globalization;
using System.Reflection.Metadata;

namespace Trinity.Bench.Profile.Identities;

/// <summary>References as text, in the manner of IL.</summary>
internal static class IdentityText
{
    public static string Of(MethodIdentity method) =>
        $"{method.Owner}::{method.Name}{Of(method.Signature)}{(method.Arguments.IsEmpty ? "" : $"<{List(method.Arguments)}>")}";

    public static string Of(TypeIdentity type) => type switch
    {
        NamedType { Outer: { } outer } nested => $"{outer}/{nested.Name}",
        NamedType named => $"[{named.Assembly}]{named.Namespace}.{named.Name}",
        GenericType generic => $"{generic.Definition}<{List(generic.Arguments)}>",
        TypeParameter parameter => string.Create(CultureInfo.InvariantCulture, $"!{parameter.Index}"),
        MethodParameter parameter => string.Create(CultureInfo.InvariantCulture, $"!!{parameter.Index}"),
        VectorType vector => $"{vector.Element}[]",
        ArrayType array => string.Create(CultureInfo.InvariantCulture, $"{array.Element}[rank {array.Shape.Rank}]"),
        PointerType pointer => $"{pointer.Element}*",
        ByReferenceType reference => $"{reference.Element}&",
        ModifiedType modified => $"{modified.Type} {(modified.IsRequired ? "modreq" : "modopt")}({modified.Modifier})",
        FunctionPointerType pointer => $"method {Of(pointer.Signature)}",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type.GetType(), "No text for this kind of type."),
    };

    private static string Of(MethodSignature<TypeIdentity> signature) =>
        $"{(signature.GenericParameterCount == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"`{signature.GenericParameterCount}"))}({List(signature.ParameterTypes)}) {signature.ReturnType}";

    private static string List(IEnumerable<TypeIdentity> types) => string.Join(',', types);
}
