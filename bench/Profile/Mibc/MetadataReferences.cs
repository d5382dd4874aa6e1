using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using Trinity.Bench.Profile.Identities;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>Gives types and methods their tokens in a new image. What was asked for before has the token that it got.</summary>
internal sealed class MetadataReferences(MetadataBuilder metadata)
{
    private readonly Dictionary<StringHandle, AssemblyReferenceHandle> _assemblies = [];
    private readonly Dictionary<(EntityHandle, StringHandle, StringHandle), TypeReferenceHandle> _types = [];
    private readonly Dictionary<BlobHandle, TypeSpecificationHandle> _specifications = [];
    private readonly Dictionary<(EntityHandle, StringHandle, BlobHandle), MemberReferenceHandle> _methods = [];
    private readonly Dictionary<(EntityHandle, BlobHandle), MethodSpecificationHandle> _instances = [];

    /// <summary>The token of a type: a reference, or a specification if the type is made of others.</summary>
    public EntityHandle Type(TypeIdentity type)
    {
        if (type is NamedType named)
        {
            return Named(named);
        }

        var signature = new SignatureWriter(this);
        signature.Type(type);
        var blob = metadata.GetOrAddBlob(signature.Bytes);
        return GetOrAdd(_specifications, blob, () => metadata.AddTypeSpecification(blob));
    }

    /// <summary>The token of a method: a member of its type, or an instance of that if the method is generic.</summary>
    public EntityHandle Method(MethodIdentity method)
    {
        var (parent, name) = (Type(method.Owner), metadata.GetOrAddString(method.Name));
        var signature = new SignatureWriter(this);
        signature.Method(method.Signature);
        var blob = metadata.GetOrAddBlob(signature.Bytes);
        var member = GetOrAdd(_methods, (parent, name, blob), () => metadata.AddMemberReference(parent, name, blob));
        if (method.Arguments.IsEmpty)
        {
            return member;
        }

        var instance = new SignatureWriter(this);
        instance.Instance(method.Arguments);
        var arguments = metadata.GetOrAddBlob(instance.Bytes);
        return GetOrAdd(_instances, (member, arguments), () => metadata.AddMethodSpecification(member, arguments));
    }

    public EntityHandle Named(NamedType type)
    {
        EntityHandle scope = type.Outer is { } outer ? Named(outer) : Assembly(type.Assembly);
        var (space, name) = (metadata.GetOrAddString(type.Namespace), metadata.GetOrAddString(type.Name));
        return GetOrAdd(_types, (scope, space, name), () => metadata.AddTypeReference(scope, space, name));
    }

    // without version and key: readers look for the name
    private AssemblyReferenceHandle Assembly(string name)
    {
        var handle = metadata.GetOrAddString(name);
        return GetOrAdd(_assemblies, handle, () => metadata.AddAssemblyReference(handle, new Version(0, 0, 0, 0), default, default, default, default));
    }

    private static THandle GetOrAdd<TKey, THandle>(Dictionary<TKey, THandle> known, TKey key, Func<THandle> add)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out var handle))
        {
            known[key] = handle = add();
        }

        return handle;
    }
}
