using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Requests as clients may write them: the names that we look for in any place, in any notation, more than once, nested, or broken.</summary>
internal static class JsonTexts
{
    private const int MostMembers = 5;

    private static readonly string[] Names =
    [
        "model", "model", "model", "stream", "stream", "stream", "stream", "stream_options", "messages", "Model", "MODEL", "mode", "models", "", "x", "ü", "stream ", "m\\u006fdel", "str\\u0065am", "stream_opti\\u006Fns", "a\\\"b", "\\ud83d\\ude00", "metadata",
    ];

    private static readonly string[] Scalars =
    [
        "true", "true", "true", "false", "null", "0", "-1.5e-7", "1E400", "\"\"", "\"m\"", "\"gpt-5\"", "\"d\\u00e9j\\u00e0 \\ud83d\\ude00\"", "\"ü😀\"", "\"\\\"model\\\":\\\"x\\\"\"", "\"stream\"", "\"}\"", "\"\\ud800\"", "\"a\\u0000b\"",
    ];

    private static readonly Gen<string> Blank = Gen.Frequency((6, Gen.Constant("")), (1, Gen.Elements(" ", "\n", "\t", "\r\n  ")));
    private static readonly Gen<string> Scalar = Gen.Elements(Scalars);

    /// <summary>Valid documents, most of them objects.</summary>
    public static Gen<JsonText> Documents { get; } =
        from before in Blank
        from root in Gen.Frequency((12, Object(3)), (1, Array(2)), (1, Scalar))
        from after in Blank
        select new JsonText(Encoding.UTF8.GetBytes(before + root + after));

    /// <summary>Cut off, with a byte changed, nested too deeply, with names that are no text, or not JSON at all.</summary>
    public static Gen<JsonText> Broken { get; } = Gen.Frequency(
        (4, from document in Documents from length in Gen.Choose(0, document.Bytes.Length) select document.Bytes[..length]),
        (4, from document in Documents from at in Gen.Choose(0, document.Bytes.Length - 1) from value in Gen.Choose(0, 255) select Changed(document.Bytes, at, (byte)value)),
        (2, from document in Documents from name in Gen.Elements("\\ud800", "\\udc00 no pair at all", "stream\\ud800", "mod\\ud800el") select Encoding.UTF8.GetBytes(WithMember(document, $"\"{name}\":1"))),
        (1, from document in Documents from depth in Gen.Choose(58, 68) from open in Gen.Elements("[", "{\"model\":", "{\"x\":") select Encoding.UTF8.GetBytes(WithMember(document, $"\"x\":{Nested(depth, open)}"))),
        (1, from document in Documents from tail in Documents select (byte[])[.. document.Bytes, .. tail.Bytes]),
        (1, Gen.Elements("{}[]\",:\\model stream_options"u8.ToArray()).ListOf().Select(bytes => bytes.ToArray())),
        (1, Gen.Choose(0, 255).Select(value => (byte)value).ListOf().Select(bytes => bytes.ToArray()))).Select(bytes => new JsonText(bytes));

    public static Gen<JsonText> Any { get; } = Gen.Frequency((1, Documents), (3, Broken));

    private static Gen<string> Value(int depth) => depth == 0
        ? Scalar
        : Gen.Frequency((5, Scalar), (1, Gen.Fresh(() => depth).SelectMany(Object)), (1, Gen.Fresh(() => depth).SelectMany(Array)));

    private static Gen<string> Object(int depth)
    {
        var member = from name in Gen.Elements(Names)
                     from before in Blank
                     from between in Blank
                     from value in Value(depth - 1)
                     from after in Blank
                     select $"{before}\"{name}\"{between}:{between}{value}{after}";
        return from count in Gen.Choose(0, MostMembers) from members in member.ArrayOf(count) from blank in Blank select "{" + (count == 0 ? blank : string.Join(',', members)) + "}";
    }

    private static Gen<string> Array(int depth) =>
        from count in Gen.Choose(0, 3) from values in Value(depth - 1).ArrayOf(count) select "[" + string.Join(',', values) + "]";

    private static byte[] Changed(byte[] document, int at, byte value)
    {
        byte[] changed = [.. document];
        changed[at] = value;
        return changed;
    }

    private static string WithMember(JsonText document, string member) => $"{{\"y\":{Encoding.UTF8.GetString(document.Bytes)},{member},\"model\":\"m\",\"stream\":true}}";

    // At the reader's limit, or beyond it.
    private static string Nested(int depth, string open) => string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(open == "[" ? "]" : "}", depth));
}

/// <summary>A generated text, which a failure shows as a C# literal.</summary>
internal sealed record JsonText(byte[] Bytes)
{
    public static IEnumerable<JsonText> Shrink(JsonText text) => SplitBytes.ShrinkBytes(text.Bytes).Select(bytes => new JsonText(bytes));

    public override string ToString() => $"\"{SplitBytes.Escape(Bytes)}\"";
}
