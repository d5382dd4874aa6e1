using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using Trinity.Bench.Profile.Identities;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>Writes one signature (ECMA-335 II.23.2) with the tokens of the image that it is for.</summary>
internal sealed class SignatureWriter(MetadataReferences references)
{
    private const byte InstanceHeader = 0x0A; // GENRICINST, II.23.2.15

    public BlobBuilder Bytes { get; } = new();

    public void Method(MethodSignature<TypeIdentity> signature)
    {
        Bytes.WriteByte(signature.Header.RawValue);
        if (signature.Header.IsGeneric)
        {
            Bytes.WriteCompressedInteger(signature.GenericParameterCount);
        }

        Bytes.WriteCompressedInteger(signature.ParameterTypes.Length);
        Type(signature.ReturnType);
        foreach (var parameter in signature.ParameterTypes)
        {
            Type(parameter);
        }
    }

    /// <summary>The arguments of a generic method.</summary>
    public void Instance(ImmutableArray<TypeIdentity> arguments)
    {
        Bytes.WriteByte(InstanceHeader);
        Types(arguments);
    }

    public void Type(TypeIdentity type)
    {
        switch (type)
        {
            case NamedType named when PrimitiveTypes.Code(named) is { } code:
                Bytes.WriteByte((byte)code);
                break;
            case NamedType named:
                Named(named);
                break;
            case GenericType generic:
                Code(SignatureTypeCode.GenericTypeInstance);
                Named(generic.Definition);
                Types(generic.Arguments);
                break;
            case TypeParameter parameter:
                Code(SignatureTypeCode.GenericTypeParameter);
                Bytes.WriteCompressedInteger(parameter.Index);
                break;
            case MethodParameter parameter:
                Code(SignatureTypeCode.GenericMethodParameter);
                Bytes.WriteCompressedInteger(parameter.Index);
                break;
            case VectorType vector:
                Of(SignatureTypeCode.SZArray, vector.Element);
                break;
            case ArrayType array:
                Of(SignatureTypeCode.Array, array.Element);
                Shape(array.Shape);
                break;
            case PointerType pointer:
                Of(SignatureTypeCode.Pointer, pointer.Element);
                break;
            case ByReferenceType reference:
                Of(SignatureTypeCode.ByReference, reference.Element);
                break;
            case ModifiedType modified:
                Code(modified.IsRequired ? SignatureTypeCode.RequiredModifier : SignatureTypeCode.OptionalModifier);
                Token(references.Type(modified.Modifier));
                Type(modified.Type);
                break;
            case FunctionPointerType pointer:
                Code(SignatureTypeCode.FunctionPointer);
                Method(pointer.Signature);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type.GetType(), "No signature for this kind of type.");
        }
    }

    private void Named(NamedType type)
    {
        Bytes.WriteByte((byte)(type.IsValueType ? SignatureTypeKind.ValueType : SignatureTypeKind.Class));
        Token(references.Named(type));
    }

    private void Of(SignatureTypeCode code, TypeIdentity element)
    {
        Code(code);
        Type(element);
    }

    private void Types(ImmutableArray<TypeIdentity> types)
    {
        Bytes.WriteCompressedInteger(types.Length);
        foreach (var type in types)
        {
            Type(type);
        }
    }

    private void Shape(ArrayShape shape)
    {
        Bytes.WriteCompressedInteger(shape.Rank);
        Bytes.WriteCompressedInteger(shape.Sizes.Length);
        foreach (var size in shape.Sizes)
        {
            Bytes.WriteCompressedInteger(size);
        }

        Bytes.WriteCompressedInteger(shape.LowerBounds.Length);
        foreach (var bound in shape.LowerBounds)
        {
            Bytes.WriteCompressedSignedInteger(bound);
        }
    }

    private void Token(EntityHandle type) => Bytes.WriteCompressedInteger(CodedIndex.TypeDefOrRefOrSpec(type));

    private void Code(SignatureTypeCode code) => Bytes.WriteByte((byte)code);
}
