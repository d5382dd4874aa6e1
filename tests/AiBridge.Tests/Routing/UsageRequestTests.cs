using System.Text;
using System.Text.Json;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class UsageRequestTests
{
    private const string Member = "\"stream_options\":{\"include_usage\":true},";

    [Theory]
    [InlineData("""{"model":"m","stream":true}""")]
    [InlineData("""{"stream":true,"messages":[{"content":"{\"stream_options\":1}"}]}""")]
    [InlineData(" \r\n{ \"stream\" : true }")]
    public async Task TryInsert_StreamWithoutOptions_AddsOneMemberAndLeavesTheRest(string json)
    {
        using var body = await RequestBodies.OfAsync(json);

        Assert.True(UsageRequest.TryInsert(body));

        Assert.Equal(json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, Member), Encoding.UTF8.GetString(body.Bytes.Span));
        using var parsed = JsonDocument.Parse(body.Bytes);
        Assert.True(parsed.RootElement.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Theory]
    [InlineData("""{"model":"m"}""")]
    [InlineData("""{"model":"m","stream":false}""")]
    [InlineData("""{"model":"m","stream":"true"}""")]
    [InlineData("""{"model":"m","stream":1}""")]
    [InlineData("""{"model":"m","nested":{"stream":true}}""")]
    [InlineData("""{"model":"m","stream":true,"stream_options":{"include_usage":false}}""")]
    [InlineData("""{"stream_options":{"include_usage":true},"stream":true}""")]
    [InlineData("""{"stream":true,"stream_options":null}""")]
    [InlineData("""{"stream":true,"stream_opti\u006fns":null}""")]
    [InlineData("""{"model":"m","stream":true""")]
    [InlineData("""{"model":"m","stream":true] """)]
    [InlineData("""{"model":"m","stream":true,"\ud800 is half a pair":1}""")]
    [InlineData("""["stream"]""")]
    [InlineData("\"stream\"")]
    [InlineData("")]
    public async Task TryInsert_AnythingElse_LeavesTheBodyAlone(string json)
    {
        using var body = await RequestBodies.OfAsync(json);

        Assert.False(UsageRequest.TryInsert(body));

        Assert.Equal(json, Encoding.UTF8.GetString(body.Bytes.Span));
    }

    [Fact]
    public async Task TryInsert_BodyThatFillsItsBuffer_Grows()
    {
        // Rented buffers have the sizes of powers of two: this body leaves one byte of them.
        const string start = "{\"stream\":true,\"x\":\"";
        var json = start + new string('x', (1 << 20) - 1 - start.Length - 2) + "\"}";
        using var body = await RequestBodies.OfAsync(json);

        Assert.True(UsageRequest.TryInsert(body));

        Assert.Equal("{" + Member + json[1..], Encoding.UTF8.GetString(body.Bytes.Span));
    }
}
