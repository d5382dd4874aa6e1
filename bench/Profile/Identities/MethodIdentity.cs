using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Trinity.Bench.Profile.Identities;

/// <summary>A method by name. Its text begins with assembly, type, name and signature, and is what methods are sorted by.</summary>
/// <param name="Owner">The type that the method is in, with its arguments if it is generic.</param>
/// <param name="Definition">That type without them.</param>
/// <param name="Signature">As defined: with parameters, not arguments.</param>
/// <param name="Arguments">The method's own generic arguments.</param>
internal sealed record MethodIdentity(
    TypeIdentity Owner,
    NamedType Definition,
    string Name,
    MethodSignature<TypeIdentity> Signature,
    ImmutableArray<TypeIdentity> Arguments)
{
    public override string ToString() => IdentityText.Of(this);
}
