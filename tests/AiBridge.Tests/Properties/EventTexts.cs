using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Streams of server-sent events of all kinds that the format knows, and bytes that look a little like one.</summary>
internal static class EventTexts
{
    public const string UsageOnly = """{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""";

    private static readonly string[] Values =
    [
        "", " ", "1", "  two blanks", "a:b", "ü", "😀", "\uFEFF", "\0", "data: x", "[DONE]", "message_stop", "{", """{"type":"ping"}""", """{"\ud800 half a pair":1,"type":"message_delta","usage":{"input_tokens":1,"output_tokens":2}}""", """{"us\ud800":1,"choices":[],"usage":null}""", """{"choices":[{"delta":{"content":"ü😀"}}],"usage":null}""", UsageOnly,
    ];

    private static readonly string[] Fields = ["data", "data", "data", "data", "event", "id", "retry", "", "dat", "datas", "Data", " data", "\uFEFFdata"];
    private static readonly string[] LineEnds = ["\n", "\r\n", "\r"];
    private static readonly byte[] Alphabet = [.. "data:event \r\n\n\r{}\"usage"u8, 0xef, 0xbb, 0xbf, 0xc3, 0xbc, 0xff, 0x00];

    private static readonly Gen<string> Line =
        from field in Gen.Elements(Fields)
        from value in Gen.Elements(Values)
        from separator in Gen.Elements(": ", ":", "")
        select separator.Length == 0 ? field : field + separator + value;

    private static readonly Gen<string[]> Lines = Gen.Frequency(
        (3, from count in Gen.Choose(0, 4) from lines in Line.ArrayOf(count) select lines),
        (3, from value in Gen.Elements(Values) select (string[])[$"data: {value}"]),
        (1, from before in Line from data in Gen.Elements("data: ", "data:") from after in Gen.Elements("id: 7", ": comment", "event: x") select (string[])[before.Replace("data", "note", StringComparison.Ordinal), data + UsageOnly, after]));

    private static readonly Gen<string> Event =
        from lines in Lines
        from end in Gen.Elements(LineEnds)
        from closed in Gen.Frequency((20, Gen.Constant(true)), (1, Gen.Constant(false)))
        select string.Concat(lines.Select(line => line + end)) + (closed ? end : "");

    /// <summary>Whole streams: line ends may change from event to event, some events are not closed, some end in the middle of a line.</summary>
    public static Gen<byte[]> Streams { get; } =
        from mark in Gen.Frequency((5, Gen.Constant("")), (1, Gen.Constant("\uFEFF")))
        from events in Event.ListOf()
        from tail in Gen.Frequency((3, Gen.Constant("")), (1, Line))
        select Encoding.UTF8.GetBytes(mark + string.Concat(events) + tail);

    /// <summary>No format at all, and no UTF-8 either.</summary>
    public static Gen<byte[]> Garbage { get; } =
        Gen.Frequency((12, Gen.Elements(Alphabet)), (1, Gen.Choose(0, 255).Select(value => (byte)value))).ListOf().Select(bytes => bytes.ToArray());

    public static Gen<SplitBytes> Any { get; } = SplitBytes.Of(Gen.Frequency((3, Streams), (1, Garbage)));
}
