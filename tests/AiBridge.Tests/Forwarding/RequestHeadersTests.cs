using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Trinity.AiBridge.Forwarding;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class RequestHeadersTests
{
    [Theory]
    [InlineData("Cookie")]
    [InlineData("Expect")]
    [InlineData("Forwarded")]
    [InlineData("Proxy-Authorization")]
    [InlineData("X-Real-IP")]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-host")]
    [InlineData("X-Trinity-Key")]
    [InlineData("x-trinity-anything")]
    [InlineData("X-AI-Bridge-Actor-ID")]
    [InlineData("x-ai-bridge-actor-metadata-username")]
    public void Sanitize_HeaderThatSpoofsOrLeaks_IsRemoved(string name)
    {
        foreach (var own in new[] { false, true })
        {
            var headers = new HeaderDictionary { [name] = "value" };

            RequestHeaders.Sanitize(headers, own);

            Assert.Empty(headers);
        }
    }

    [Theory]
    [InlineData("anthropic-version")]
    [InlineData("anthropic-beta")]
    [InlineData("User-Agent")]
    [InlineData("OpenAI-Beta")]
    [InlineData("OpenAI-Organization")]
    [InlineData("session_id")]
    [InlineData("X-Stainless-Lang")]
    [InlineData("X-Forward")]
    [InlineData("x-app")]
    [InlineData("traceparent")]
    [InlineData("Accept")]
    public void Sanitize_AnyOtherHeader_StaysWithAllItsValues(string name)
    {
        var headers = new HeaderDictionary { [name] = new StringValues(["one", "two"]) };

        RequestHeaders.Sanitize(headers, ownCredential: false);

        Assert.Equal(new StringValues(["one", "two"]), headers[name]);
    }

    [Fact]
    public void Sanitize_CentralKey_RemovesBothCredentialHeaders()
    {
        var headers = new HeaderDictionary { ["Authorization"] = "Bearer own", ["X-API-KEY"] = "own" };

        RequestHeaders.Sanitize(headers, ownCredential: false);

        Assert.Empty(headers);
    }

    [Fact]
    public void Sanitize_OwnCredential_StaysInBothHeaders()
    {
        var headers = new HeaderDictionary { ["Authorization"] = "Bearer own", ["x-api-key"] = "own" };

        RequestHeaders.Sanitize(headers, ownCredential: true);

        Assert.Equal(2, headers.Count);
    }

    [Theory]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("x-api-key", "{0}")]
    [InlineData("api-key", "{0}")]
    [InlineData("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.{0}")]
    [InlineData("X-Debug", "key={0};")]
    public void Sanitize_VirtualKeyAnywhere_IsRemovedEvenBesideAnOwnCredential(string name, string format)
    {
        var value = string.Format(System.Globalization.CultureInfo.InvariantCulture, format, VirtualKeyToken.Create());
        foreach (var own in new[] { false, true })
        {
            var headers = new HeaderDictionary { [name] = new StringValues(["harmless", value]), ["anthropic-beta"] = "stays" };

            RequestHeaders.Sanitize(headers, own);

            Assert.Equal(["anthropic-beta"], headers.Keys);
        }
    }
}
