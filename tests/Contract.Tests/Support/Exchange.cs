using System.Text;
using Trinity.Contract.Tests.WireMock;

namespace Trinity.Contract.Tests.Support;

/// <summary>What the client saw of one exchange.</summary>
internal sealed record Exchange
{
    /// <summary>What the bridge, its server or WireMock add to a reply.</summary>
    private static readonly string[] Added = ["Date", "Transfer-Encoding", "Content-Length", "Matched-Stub-Id", "Matched-Stub-Name", "X-Trinity-Interception-Id"];

    public required int Status { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>In how many parts the body came.</summary>
    public required int Parts { get; init; }

    public Guid InterceptionId => Guid.Parse(Header("X-Trinity-Interception-Id")!);

    public string Text => Encoding.UTF8.GetString(Body);

    public static async Task<Exchange> ReadAsync(HttpResponseMessage reply)
    {
        await using var stream = await reply.Content.ReadAsStreamAsync(Timeouts.Token);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var parts = 0;
        for (int read; (read = await stream.ReadAsync(buffer, Timeouts.Token)) > 0; parts++)
        {
            body.Write(buffer, 0, read);
        }

        return new Exchange
        {
            Status = (int)reply.StatusCode,
            Headers = [.. reply.Headers.NonValidated.Concat(reply.Content.Headers.NonValidated).SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)))],
            Body = body.ToArray(),
            Parts = parts,
        };
    }

    public string? Header(string name) => Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).SingleOrDefault();

    /// <summary>Status, headers and body are the stub's, to the byte.</summary>
    public void AssertRelayed(Stub stub)
    {
        Assert.False(Text.Contains("Request was not matched", StringComparison.Ordinal), Text); // where WireMock says what was different
        Assert.Equal(stub.BodyText, Text);
        Assert.Equal(stub.Body, Body);
        AssertHeadRelayed(stub);
    }

    public void AssertHeadRelayed(Stub stub)
    {
        Assert.Equal(stub.Status, Status);
        Assert.Equal(Lines(stub.Headers), Lines(Headers.Where(header => !Added.Contains(header.Key, StringComparer.OrdinalIgnoreCase))));
    }

    /// <summary>An error of the bridge's own, in the API's shape and to the byte.</summary>
    public void AssertError(ProviderApi api, int status, string code, string message)
    {
        Assert.Equal(api.ErrorBody(status, code, message, InterceptionId), Text);
        Assert.Equal((status, "application/json", null), (Status, Header("Content-Type"), Header("Matched-Stub-Id")));
    }

    private static IEnumerable<string> Lines(IEnumerable<KeyValuePair<string, string>> headers) =>
        headers.Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}").Order(StringComparer.Ordinal);
}
