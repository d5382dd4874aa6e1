using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Trinity.Bench.Profile.Identities;

/// <summary>The names that an assembly's file has for the tokens in a trace.</summary>
internal sealed class ModuleMetadata : IDisposable
{
    private readonly PEReader _image;
    private readonly MetadataReader _reader;
    private readonly IdentityReader _signatures;

    private ModuleMetadata(PEReader image)
    {
        _image = image;
        _reader = image.GetMetadataReader();
        _signatures = new IdentityReader(_reader.GetString(_reader.GetAssemblyDefinition().Name));
    }

    /// <summary>The file's metadata; null if there is none that is of this build. Tokens are counted by each build anew.</summary>
    public static ModuleMetadata? Open(string path, Guid build)
    {
        PEReader? image = null;
        try
        {
            image = new PEReader(File.OpenRead(path), PEStreamOptions.PrefetchEntireImage);
            if (build == Guid.Empty || BuildsOf(image).Contains(build))
            {
                var module = new ModuleMetadata(image);
                image = null;
                return module;
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
        finally
        {
            image?.Dispose();
        }
    }

    public NamedType? Type(int token) =>
        Definition(token, HandleKind.TypeDefinition, TableIndex.TypeDef) is { } handle
            ? _signatures.Definition(_reader, (TypeDefinitionHandle)handle, IsValueType((TypeDefinitionHandle)handle))
            : null;

    public (string Name, MethodSignature<TypeIdentity> Signature)? Method(int token)
    {
        if (Definition(token, HandleKind.MethodDefinition, TableIndex.MethodDef) is not { } handle)
        {
            return null;
        }

        var method = _reader.GetMethodDefinition((MethodDefinitionHandle)handle);
        return (_reader.GetString(method.Name), _signatures.Read(method));
    }

    public void Dispose() => _image.Dispose();

    private static IEnumerable<Guid> BuildsOf(PEReader image) => image.ReadDebugDirectory()
        .Where(entry => entry.Type == DebugDirectoryEntryType.CodeView)
        .Select(entry => image.ReadCodeViewDebugDirectoryData(entry).Guid);

    private EntityHandle? Definition(int token, HandleKind kind, TableIndex table)
    {
        var handle = (uint)token >> 24 == (uint)table ? MetadataTokens.EntityHandle(token) : default;
        return handle.Kind == kind && MetadataTokens.GetRowNumber(handle) is var row && row > 0 && row <= _reader.GetTableRowCount(table) ? handle : null;
    }

    private bool IsValueType(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        var parent = type.BaseType.Kind switch
        {
            _ when type.BaseType.IsNil => default,
            HandleKind.TypeReference when _reader.GetTypeReference((TypeReferenceHandle)type.BaseType) is var reference => (reference.Namespace, reference.Name),
            HandleKind.TypeDefinition when _reader.GetTypeDefinition((TypeDefinitionHandle)type.BaseType) is var definition => (definition.Namespace, definition.Name),
            _ => default,
        };
        return IsSystem(parent, "Enum") || (IsSystem(parent, "ValueType") && !IsSystem((type.Namespace, type.Name), "Enum"));
    }

    private bool IsSystem((StringHandle Namespace, StringHandle Name) type, string name) =>
        _reader.StringComparer.Equals(type.Namespace, "System") && _reader.StringComparer.Equals(type.Name, name);
}
