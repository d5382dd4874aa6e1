using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>
/// A profile as an assembly, which is the MIBC format: no types, a global method for each group (<see cref="GroupWriter"/>), and a global method
/// <c>AssemblyDictionary</c> that is, for each group, <c>ldstr</c> of its name, <c>ldtoken</c> of its method, <c>pop</c>.
/// </summary>
/// <remarks>The same methods in the same order give the same bytes.</remarks>
internal sealed class MibcImage
{
    private const int MaximumStack = 8;
    private const int LongestName = 180; // of a group's method, where the name is for people; the whole one is in the dictionary

    /// <summary>The image's id, always the same: nothing looks for a profile by it.</summary>
    private static readonly Guid Id = new("5ff6d1a5-6d4a-4f62-9d9e-58f2d7d9a9b1");

    private readonly MetadataBuilder _metadata = new();
    private readonly MethodBodyStreamEncoder _bodies = new(new BlobBuilder());
    private readonly BlobHandle _signature;
    private MethodDefinitionHandle _firstMethod;

    private MibcImage()
    {
        var signature = new BlobBuilder();
        new BlobEncoder(signature).MethodSignature().Parameters(0, returned => returned.Void(), _ => { });
        _signature = _metadata.GetOrAddBlob(signature);
    }

    public static BlobBuilder Write(string name, IEnumerable<MethodProfile> methods)
    {
        var image = new MibcImage();
        image.AddGroups(methods);
        return image.Serialize(name);
    }

    private void AddGroups(IEnumerable<MethodProfile> methods)
    {
        var writer = new GroupWriter(_metadata, new MetadataReferences(_metadata));
        var dictionary = new InstructionEncoder(new BlobBuilder());
        var number = 0;
        foreach (var (group, members) in AssemblyGroups.Of(methods))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Assemblies_{group[..Math.Min(group.Length, LongestName)]}_{++number}");
            var method = AddMethod(name, writer.Write(members));
            dictionary.LoadString(_metadata.GetOrAddUserString(group));
            dictionary.OpCode(ILOpCode.Ldtoken);
            dictionary.Token(method);
            dictionary.OpCode(ILOpCode.Pop);
        }

        AddMethod("AssemblyDictionary", dictionary);
    }

    private MethodDefinitionHandle AddMethod(string name, InstructionEncoder code)
    {
        var method = _metadata.AddMethodDefinition(
            MethodAttributes.Public | MethodAttributes.Static,
            MethodImplAttributes.IL,
            _metadata.GetOrAddString(name),
            _signature,
            _bodies.AddMethodBody(code, MaximumStack),
            MetadataTokens.ParameterHandle(1));
        _firstMethod = _firstMethod.IsNil ? method : _firstMethod;
        return method;
    }

    private BlobBuilder Serialize(string name)
    {
        _metadata.AddTypeDefinition(default, default, _metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), _firstMethod);
        _metadata.AddModule(0, _metadata.GetOrAddString(name), _metadata.GetOrAddGuid(Id), default, default);
        _metadata.AddAssembly(_metadata.GetOrAddString(Path.GetFileNameWithoutExtension(name)), new Version(1, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        var image = new ManagedPEBuilder(
            new PEHeaderBuilder(imageCharacteristics: Characteristics.ExecutableImage | Characteristics.Dll),
            new MetadataRootBuilder(_metadata),
            _bodies.Builder,
            deterministicIdProvider: _ => new BlobContentId(Id, stamp: 1)); // by default it is the time
        var bytes = new BlobBuilder();
        image.Serialize(bytes);
        return bytes;
    }
}
