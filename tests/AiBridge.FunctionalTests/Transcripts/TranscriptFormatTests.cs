using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>A transcript that is written wrongly is said to be, with the place.</summary>
public sealed class TranscriptFormatTests
{
    private const string Request = "-- request --\n{\"model\":\"m\"}\n";
    private const string Reply = "-- streaming --\ndata: x\n\n";
    private const string Expected = "-- expected --\n{\"outcome\":\"completed\"}\n";

    [Theory]
    [InlineData(Request + Reply + Expected, "x/y.txt says nothing of the behaviour that it shows; it must begin with that.")]
    [InlineData("About.\n" + Request + Expected, "x/y.txt has no reply, neither streaming nor non-streaming.")]
    [InlineData("About.\n" + Reply + Expected, "x/y.txt has no request for streaming.")]
    [InlineData("About.\n" + Request + Reply, "x/y.txt does not say what is expected of streaming.")]
    [InlineData("About.\n" + Request + Reply + Reply, "x/y.txt, line 7: there is a section 'streaming' already, at line 4.")]
    [InlineData("About.\n" + Request + Reply + "-- streeming --\n", "x/y.txt, line 7: section 'streeming' is none of: ")]
    [InlineData("About.\n-- request --\n{\"model\":\"m\",\"stream\":true}\n" + Reply + Expected, "x/y.txt, line 2: section 'request' says itself whether it streams, so it must be named for one mode.")]
    [InlineData("About.\n-- request --\nPOST\n\n{}\n" + Reply + Expected, "x/y.txt, line 2: section 'request' is neither a JSON object nor a request with a first line like 'POST /v1/messages': POST.")]
    [InlineData("About.\n-- request --\nPOST /x\nHost\n\n{}\n" + Reply + Expected, "x/y.txt, line 2: section 'request' has a line among its headers that is none: Host.")]
    [InlineData("About.\n-- request --\nPOST /x\nHost: h\n" + Reply + Expected, "x/y.txt, line 2: section 'request' has no empty line after its headers.")]
    [InlineData("About.\n" + Request + "-- streaming --\nHTTP/1.1 OK\n\n" + Expected, "x/y.txt, line 4: section 'streaming' has no status in its first line: HTTP/1.1 OK.")]
    [InlineData("About.\n" + Request + Reply + "-- expected --\n{}\n", "x/y.txt, line 7: section 'expected' cannot be read. ")]
    [InlineData("About.\n" + Request + Reply + "-- expected --\n{\"outcome\":\"completed\",\"tokens\":1}\n", "x/y.txt, line 7: section 'expected' cannot be read. ")]
    public void File_WrittenWrongly_IsRefusedWithThePlace(string text, string message)
    {
        var exception = Assert.Throws<FormatException>(() => Read("x/y", text));

        Assert.StartsWith(message.Replace("x/y", "anthropic/y", StringComparison.Ordinal), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_OfAnUnknownFolder_IsRefused() =>
        Assert.Equal("elsewhere/y.txt is in a folder of no known API.", Assert.Throws<FormatException>(() => Transcript.Parse("elsewhere/y", Bytes("About.\n" + Request + Reply + Expected))).Message);

    [Fact]
    public void Sections_KeepEveryByte_AndModesHaveTheirOwn()
    {
        byte[] reply = [.. "data: \r\n"u8, 0xff, .. "\n\n"u8];
        byte[] file =
        [
            .. "About.\n-- request --\nPOST /v1/x?a=b\nx-one: 1\n\n{\"model\":\"m\"}\n-- request non-streaming --\n{\"a\":1}\n-- streaming --\n"u8, .. reply,
            .. "-- non-streaming --\nHTTP/1.1 400 Bad Request\nContent-Type: text/plain\n\nno\n-- client streaming --\nless\n-- expected --\n{\"outcome\":\"completed\"}"u8,
        ];

        var transcript = Transcript.Parse("anthropic/y", file);

        var streaming = transcript.In(Transcript.Streaming);
        Assert.Equal(("POST", "/v1/x?a=b", ("x-one", "1")), (streaming.Request.Method, streaming.Request.Target, streaming.Request.Headers.Single()));
        Assert.Equal("{\"model\":\"m\",\"stream\":true}\n", Encoding.UTF8.GetString(streaming.Request.Body));
        Assert.Equal(reply, streaming.Reply.Body);
        Assert.Equal("less\n", Encoding.UTF8.GetString(streaming.ClientBody));
        var other = transcript.In(Transcript.NonStreaming);
        Assert.Equal(("{\"a\":1}\n", 400, "no\n", "no\n"), (Encoding.UTF8.GetString(other.Request.Body), other.Reply.Status, Encoding.UTF8.GetString(other.Reply.Body), Encoding.UTF8.GetString(other.ClientBody)));
    }

    private static void Read(string name, string text)
    {
        var transcript = Transcript.Parse(name.Replace("x/", "anthropic/", StringComparison.Ordinal), Bytes(text));
        foreach (var mode in transcript.Modes)
        {
            _ = transcript.In(mode);
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
