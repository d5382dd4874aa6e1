using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Trinity.Bench.Profile.Identities;

/// <summary>Makes references of what an assembly's metadata names.</summary>
/// <param name="assembly">The assembly's own name.</param>
internal sealed class IdentityReader(string assembly) : ISignatureTypeProvider<TypeIdentity, object?>
{
    public MethodSignature<TypeIdentity> Read(MethodDefinition method) => method.DecodeSignature(this, genericContext: null);

    public NamedType Definition(MetadataReader reader, TypeDefinitionHandle handle, bool isValueType)
    {
        var type = reader.GetTypeDefinition(handle);
        var (space, name) = (reader.GetString(type.Namespace), reader.GetString(type.Name));
        var outer = type.GetDeclaringType();
        var library = (assembly, space, name) == (NamedType.CoreLibrary, "System", "__Canon") ? NamedType.CanonicalLibrary : assembly;
        return new NamedType(library, space, name, outer.IsNil ? null : Definition(reader, outer, isValueType: false), isValueType);
    }

    public TypeIdentity GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Definition(reader, handle, IsValueType(rawTypeKind));

    public TypeIdentity GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Reference(reader, handle, IsValueType(rawTypeKind));

    public TypeIdentity GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public TypeIdentity GetPrimitiveType(PrimitiveTypeCode typeCode) => PrimitiveTypes.Type(typeCode);

    public TypeIdentity GetGenericInstantiation(TypeIdentity genericType, ImmutableArray<TypeIdentity> typeArguments) => new GenericType((NamedType)genericType, typeArguments);

    public TypeIdentity GetGenericTypeParameter(object? genericContext, int index) => new TypeParameter(index);

    public TypeIdentity GetGenericMethodParameter(object? genericContext, int index) => new MethodParameter(index);

    public TypeIdentity GetSZArrayType(TypeIdentity elementType) => new VectorType(elementType);

    public TypeIdentity GetArrayType(TypeIdentity elementType, ArrayShape shape) => new ArrayType(elementType, shape);

    public TypeIdentity GetPointerType(TypeIdentity elementType) => new PointerType(elementType);

    public TypeIdentity GetByReferenceType(TypeIdentity elementType) => new ByReferenceType(elementType);

    public TypeIdentity GetModifiedType(TypeIdentity modifier, TypeIdentity unmodifiedType, bool isRequired) => new ModifiedType(unmodifiedType, modifier, isRequired);

    public TypeIdentity GetFunctionPointerType(MethodSignature<TypeIdentity> signature) => new FunctionPointerType(signature);

    public TypeIdentity GetPinnedType(TypeIdentity elementType) => throw new NotSupportedException("Only a local variable can be pinned, and signatures of methods have none.");

    private NamedType Reference(MetadataReader reader, TypeReferenceHandle handle, bool isValueType)
    {
        var type = reader.GetTypeReference(handle);
        var scope = type.ResolutionScope;
        var outer = scope.Kind == HandleKind.TypeReference ? Reference(reader, (TypeReferenceHandle)scope, isValueType: false) : null;
        var library = scope.Kind == HandleKind.AssemblyReference ? reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name) : outer?.Assembly ?? assembly;
        return new NamedType(library, reader.GetString(type.Namespace), reader.GetString(type.Name), outer, isValueType);
    }

    private static bool IsValueType(byte rawTypeKind) => rawTypeKind == (byte)SignatureTypeKind.ValueType;
}
