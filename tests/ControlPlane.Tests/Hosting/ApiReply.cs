using System.Net;
using System.Text.Json.Nodes;

namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>A reply of the API, read to its end.</summary>
internal sealed record ApiReply(HttpStatusCode Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The body; fails the test when it is no JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException("The body is null.");

    /// <summary>The body's <c>items</c>.</summary>
    public JsonArray Items => Json["items"]!.AsArray();

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>The text at a path such as <c>api_keys[0].hint</c>, or null.</summary>
    public string? At(string path) => Find(path)?.ToString();

    /// <summary>The messages for a field of a problem.</summary>
    public IReadOnlyList<string> ErrorsOf(string field) =>
        Json["errors"]?[field]?.AsArray().Select(message => message!.GetValue<string>()).ToList() ?? [];

    /// <summary>Fails, with the body, unless the reply has this status.</summary>
    public ApiReply Is(int status)
    {
        Assert.True((int)Status == status, $"Expected {status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>Fails unless the reply is problem details of this status.</summary>
    public ApiReply IsProblem(int status)
    {
        Is(status);
        Assert.Equal("application/problem+json", Header("Content-Type")?.Split(';')[0]);
        Assert.Equal(status, Json["status"]!.GetValue<int>());
        Assert.False(string.IsNullOrEmpty(At("title")));
        Assert.False(string.IsNullOrEmpty(At("detail")));
        return this;
    }

    private JsonNode? Find(string path)
    {
        JsonNode? node = Json;
        foreach (var step in path.Split('.', '[').Select(part => part.TrimEnd(']')))
        {
            node = node is JsonArray array ? array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : node?[step];
        }

        return node;
    }
}
