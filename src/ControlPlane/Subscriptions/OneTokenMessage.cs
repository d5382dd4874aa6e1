using System.Net.Http.Headers;
using System.Text;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>The request for one token of text: setup tokens may not read the account's usage, so this is the cheapest call that proves them, and the headers of its reply tell of the limits.</summary>
internal static class OneTokenMessage
{
    public const string Path = "v1/messages";

    // The system prompt is the one that the provider expects of a subscription's requests.
    private static readonly byte[] Body = """
        {"model":"claude-haiku-4-5","max_tokens":1,"system":"You are Claude Code, Anthropic's official CLI for Claude.","messages":[{"role":"user","content":"ping"}]}
        """u8.ToArray();

    public static HttpRequestMessage Create(Uri address, SecretString token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", Encoding.UTF8.WebName) } },
        };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Trinity", "1"));
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Reveal()}");
        request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        request.Headers.TryAddWithoutValidation("anthropic-beta", "oauth-2025-04-20");
        return request;
    }
}
