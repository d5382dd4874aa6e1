using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>
/// Writes a group of methods as the body of a method that nobody calls. For each: <c>ldtoken</c> of it, the text <c>InstrumentationDataStart</c>, the elements, the text
/// <c>InstrumentationDataEnd</c>, <c>pop</c>. An element is the mask of what differs from the element before (here: all), then IL offset, kind, count,
/// other, and the values; numbers are <c>ldc</c>, types and methods <c>ldtoken</c>.
/// </summary>
/// <remarks>As dotnet-pgo writes it: dotnet/runtime, <c>src/coreclr/tools/dotnet-pgo/MibcEmitter.cs</c>; its reader there is <c>MIbcProfileParser.cs</c>.</remarks>
internal sealed class GroupWriter(MetadataBuilder metadata, MetadataReferences references)
{
    private const int AllDiffers = 0xF;

    public InstructionEncoder Write(IEnumerable<MethodProfile> methods)
    {
        var code = new InstructionEncoder(new BlobBuilder());
        foreach (var method in methods)
        {
            Write(code, method);
        }

        return code;
    }

    private void Write(InstructionEncoder code, MethodProfile method)
    {
        Token(code, references.Method(method.Method));
        code.LoadString(metadata.GetOrAddUserString("InstrumentationDataStart"));
        foreach (var element in method.Elements)
        {
            code.LoadConstantI4(AllDiffers);
            code.LoadConstantI4(element.ILOffset);
            code.LoadConstantI4(element.Kind.Value);
            code.LoadConstantI4(element.Count);
            code.LoadConstantI4(element.Other);
            foreach (var value in element.Values)
            {
                Write(code, value);
            }
        }

        code.LoadString(metadata.GetOrAddUserString("InstrumentationDataEnd"));
        code.OpCode(ILOpCode.Pop);
    }

    private void Write(InstructionEncoder code, ProfileValue value)
    {
        switch (value)
        {
            case ProfileValue.OfType type:
                Token(code, references.Type(type.Type));
                break;
            case ProfileValue.OfMethod method:
                Token(code, references.Method(method.Method));
                break;
            case ProfileValue.Number { Value: >= int.MinValue and <= int.MaxValue } number:
                code.LoadConstantI4((int)number.Value);
                break;
            case ProfileValue.Number number:
                code.LoadConstantI8(number.Value);
                break;
        }
    }

    private static void Token(InstructionEncoder code, EntityHandle handle)
    {
        code.OpCode(ILOpCode.Ldtoken);
        code.Token(handle);
    }
}
