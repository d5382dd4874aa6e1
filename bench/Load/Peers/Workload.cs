using System.Text;

namespace Trinity.Bench.Load.Peers;

/// <summary>One kind of request.</summary>
/// <param name="Api"><c>messages</c>, <c>chat</c> or <c>responses</c>.</param>
/// <param name="Reply">How the upstream answers: <c>json</c>, <c>sse</c> (all at once) or <c>paced</c>.</param>
/// <param name="BodyBytes">Length of the request's body.</param>
internal sealed record Workload(string Api, string Reply, int BodyBytes)
{
    public bool Streaming => Reply != "json";

    public string Name => $"{Api} {Reply} {Size}";

    public string Path => Api switch
    {
        "messages" => "/v1/messages",
        "chat" => "/v1/chat/completions",
        _ => "/v1/responses",
    };

    /// <summary>The type of provider that speaks this API.</summary>
    public string ProviderType => Api == "messages" ? "anthropic" : "openai";

    /// <summary>Name of the bridge's provider for it.</summary>
    public string Provider => $"{ProviderType}-{Reply}";

    private string Size => BodyBytes switch
    {
        < 1000 => $"{BodyBytes / 1000d:0.0} KB",
        < 1_000_000 => $"{BodyBytes / 1000} KB",
        _ => $"{BodyBytes / 1_000_000} MB",
    };

    /// <summary>The request's body, of the wanted length.</summary>
    public string Body()
    {
        var head = $$"""{"model":"bench-model","stream":{{(Streaming ? "true" : "false")}},""" + Api switch
        {
            "messages" => "\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":\"",
            "chat" => "\"messages\":[{\"role\":\"user\",\"content\":\"",
            _ => "\"input\":\"",
        };
        var tail = Api == "responses" ? "\"}" : "\"}]}";
        return new StringBuilder(head).Append('x', Math.Max(1, BodyBytes - head.Length - tail.Length)).Append(tail).ToString();
    }
}
