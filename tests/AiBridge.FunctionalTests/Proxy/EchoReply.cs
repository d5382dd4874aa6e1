using System.Net;
using System.Text.Json;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>A request as it arrived upstream, told by <see cref="FakeReply.Echo"/>.</summary>
internal sealed record EchoReply(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body, string Text)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    public static async Task<EchoReply> OfAsync(HttpResponseMessage reply)
    {
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        Assert.True(reply.StatusCode == HttpStatusCode.OK, $"{(int)reply.StatusCode} {text}");
        return Parse(text);
    }

    public static EchoReply Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        return new EchoReply(
            root.GetProperty("method").GetString()!,
            root.GetProperty("path").GetString()!,
            root.GetProperty("query").GetString()!,
            root.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!, StringComparer.Ordinal),
            root.GetProperty("body").GetString()!,
            text);
    }
}
