using System.Net.Http.Headers;
using Trinity.Shared.Configuration;

namespace Trinity.Contract.Tests.Support;

/// <summary>A client's request: its API's headers, which are the provider's business, and headers that must not get there.</summary>
internal static class ClientRequest
{
    public const string OwnCredential = "sk-ant-oat01-contract-of-the-client";

    public static HttpRequestMessage Create(ProviderApi api, HttpMethod method, string path, byte[] body, string token, bool ownCredential, params IEnumerable<(string Name, string Value)> more)
    {
        var request = new HttpRequestMessage(method, path);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        foreach (var (name, value) in Headers(api, token, ownCredential).Concat(more))
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return request;
    }

    private static IEnumerable<(string Name, string Value)> Headers(ProviderApi api, string token, bool ownCredential)
    {
        var anthropic = api.Type == ProviderTypes.Anthropic;
        (string, string)[] credentials = (ownCredential, anthropic) switch
        {
            (true, _) => [("X-Trinity-Key", token), ("Authorization", $"Bearer {OwnCredential}")],
            (_, true) => [("x-api-key", token)],
            _ => [("Authorization", $"Bearer {token}")],
        };
        (string, string)[] vendors = anthropic
            ? [("anthropic-version", "2023-06-01"), ("anthropic-beta", "interleaved-thinking-2025-05-14,prompt-caching-2024-07-31")]
            : [("OpenAI-Organization", "org-contract")];
        return
        [
            .. credentials, .. vendors,
            ("Accept", "application/json"), ("Accept-Encoding", "gzip, br"), ("User-Agent", "contract-client/1.0"),
            ("Cookie", "session=1"), ("Forwarded", "for=10.0.0.1"), ("X-Forwarded-For", "10.0.0.1"), ("X-Trinity-Session", "1"),
        ];
    }
}
