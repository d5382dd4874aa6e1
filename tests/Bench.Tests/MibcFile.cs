using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;

namespace Trinity.Bench.Tests;

/// <summary>A MIBC file as its readers see it. The tokens in it are looked up by the runtime, as in any assembly.</summary>
internal sealed class MibcFile : IDisposable
{
    private readonly AssemblyLoadContext _context = new("mibc", isCollectible: true);
    private readonly PEReader _image;
    private readonly Module _module;

    public MibcFile(byte[] bytes, string fileName)
    {
        using var archive = new ZipArchive(new MemoryStream(bytes));
        var entry = Assert.Single(archive.Entries);
        Assert.Equal(fileName + ".dll", entry.FullName);
        var image = new MemoryStream();
        using (var content = entry.Open())
        {
            content.CopyTo(image);
        }

        image.Position = 0;
        _module = _context.LoadFromStream(image).ManifestModule;
        image.Position = 0;
        _image = new PEReader(image);
        Metadata = _image.GetMetadataReader();
    }

    public MetadataReader Metadata { get; }

    /// <summary>What the groups say, by the names that the dictionary has for them.</summary>
    public Dictionary<string, List<object>> Groups
    {
        get
        {
            var dictionary = Metadata.MethodDefinitions.Single(method => Metadata.StringComparer.Equals(Metadata.GetMethodDefinition(method).Name, "AssemblyDictionary"));
            return Instructions(dictionary).Chunk(3).ToDictionary(
                entry => (string)entry[0],
                entry => Instructions((MethodDefinitionHandle)MetadataTokens.EntityHandle(((Token)entry[1]).Value)),
                StringComparer.Ordinal);
        }
    }

    /// <summary>The methods that a group has profiles of.</summary>
    public IEnumerable<MethodBase> Methods(string group) =>
        Groups[group].Zip(Groups[group].Skip(1)).Where(pair => pair.Second is "InstrumentationDataStart").Select(pair => Method((Token)pair.First));

    public MethodBase Method(Token token) => _module.ResolveMethod(token.Value)!;

    public Type Type(Token token) => _module.ResolveType(token.Value);

    public void Dispose()
    {
        _image.Dispose();
        _context.Unload();
    }

    private List<object> Instructions(MethodDefinitionHandle method)
    {
        ReadOnlySpan<byte> code = _image.GetMethodBody(Metadata.GetMethodDefinition(method).RelativeVirtualAddress).GetILBytes();
        var read = new List<object>();
        while (!code.IsEmpty)
        {
            var operand = code[1..];
            var (value, length) = (ILOpCode)code[0] switch
            {
                ILOpCode.Ldstr => (Metadata.GetUserString(MetadataTokens.UserStringHandle(BinaryPrimitives.ReadInt32LittleEndian(operand) & 0xFFFFFF)), 5),
                ILOpCode.Ldtoken => (new Token(BinaryPrimitives.ReadInt32LittleEndian(operand)), 5),
                ILOpCode.Pop => ("pop", 1),
                >= ILOpCode.Ldc_i4_m1 and <= ILOpCode.Ldc_i4_8 => ((object)(long)(code[0] - (int)ILOpCode.Ldc_i4_0), 1),
                ILOpCode.Ldc_i4_s => ((long)(sbyte)operand[0], 2),
                ILOpCode.Ldc_i4 => ((long)BinaryPrimitives.ReadInt32LittleEndian(operand), 5),
                ILOpCode.Ldc_i8 => (BinaryPrimitives.ReadInt64LittleEndian(operand), 9),
                var other => throw new InvalidDataException($"{other} is not in the format."),
            };
            read.Add(value);
            code = code[length..];
        }

        return read;
    }

    internal sealed record Token(int Value);
}
