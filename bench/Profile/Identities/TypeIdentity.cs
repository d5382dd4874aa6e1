using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Trinity.Bench.Profile.Identities;

/// <summary>A type by name, free of the process and the assembly that it was read from. Its text tells it from every other type and sorts the same in every run.</summary>
internal abstract record TypeIdentity
{
    public sealed override string ToString() => IdentityText.Of(this);
}

/// <summary>A type that an assembly defines; of a generic type, its definition.</summary>
internal sealed record NamedType(string Assembly, string Namespace, string Name, NamedType? Outer, bool IsValueType) : TypeIdentity
{
    public const string CoreLibrary = "System.Private.CoreLib";

    /// <summary>
    /// The assembly of <c>System.__Canon</c>, the argument that generic code which reference types share is compiled for. There is no such assembly: readers
    /// of a profile know it by this name (dotnet/runtime, <c>src/coreclr/tools/Common/TypeSystem/Canon</c>).
    /// </summary>
    public const string CanonicalLibrary = "System.Private.Canon";
}

internal sealed record GenericType(NamedType Definition, ImmutableArray<TypeIdentity> Arguments) : TypeIdentity;

/// <summary>A generic parameter of the type that a signature is in, by number.</summary>
internal sealed record TypeParameter(int Index) : TypeIdentity;

/// <summary>A generic parameter of the method whose signature it is, by number.</summary>
internal sealed record MethodParameter(int Index) : TypeIdentity;

/// <summary>An array with one dimension that begins with zero.</summary>
internal sealed record VectorType(TypeIdentity Element) : TypeIdentity;

internal sealed record ArrayType(TypeIdentity Element, ArrayShape Shape) : TypeIdentity;

internal sealed record PointerType(TypeIdentity Element) : TypeIdentity;

internal sealed record ByReferenceType(TypeIdentity Element) : TypeIdentity;

internal sealed record ModifiedType(TypeIdentity Type, TypeIdentity Modifier, bool IsRequired) : TypeIdentity;

internal sealed record FunctionPointerType(MethodSignature<TypeIdentity> Signature) : TypeIdentity;
