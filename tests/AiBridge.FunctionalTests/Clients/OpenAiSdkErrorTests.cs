#pragma warning disable OPENAI001 // The SDK calls its Responses client experimental; agents live on that API.
using System.ClientModel;
using OpenAI.Chat;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

/// <summary>What the SDK makes of errors: the provider's must arrive as sent, ours must look like the vendor's.</summary>
public sealed class OpenAiSdkErrorTests
{
    private const string UnknownKey = "trk_0000000000000000000000000000000000000000000000000000000000000000";

    [Theory]
    [InlineData(400, "invalid_request_error", "context_length_exceeded")]
    [InlineData(403, "permission_error", "unsupported_country")]
    [InlineData(500, "server_error", "internal")]
    [InlineData(529, "server_error", "overloaded")]
    public async Task ProviderError_ReachesTheSdkAsSent(int status, string type, string code)
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        var error = OpenAiError.Reply(status, type, "Said by the provider.", code);
        bench.Upstream.Expect("POST", "/v1/chat/completions", error);
        bench.Upstream.Expect("POST", "/v1/responses", error);

        foreach (var exception in new[] { await ChatFailsAsync(bench), await ResponsesFailsAsync(bench) })
        {
            Assert.Equal((status, error.BodyText()), (exception.Status, exception.GetRawResponse()!.Content.ToString()));
        }

        Assert.All(await bench.RecordsAsync(2), record => Assert.Equal(("provider_error", status), (record.Outcome, record.Status)));
    }

    [Fact]
    public async Task RateLimited_SdkWaitsAsToldAndRetries()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions", FakeReply.TooManyRequests(retryAfterSeconds: 1));
        bench.Upstream.Expect("POST", "/v1/chat/completions").Reply(OpenAiChatCompletion.Saying("At last.").For);

        ChatCompletion completion = await bench.Chat(retries: 3).CompleteChatAsync([new UserChatMessage("Hello")], cancellationToken: Timeouts.Token);

        Assert.Equal("At last.", completion.Content[0].Text);
    }

    [Theory]
    [InlineData(UnknownKey, "openai", 401, "unknown_virtual_key")]
    [InlineData(null, "nobody", 404, "unknown_provider")]
    [InlineData(null, "disabled", 503, "provider_disabled")]
    public async Task OurOwnRefusal_IsInTheVendorsShape(string? key, string provider, int status, string code)
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        await bench.Config.AddProviderAsync("disabled", "openai", bench.UpstreamUrl("openai"), ["sk-0123456789"], enabled: false);
        await bench.AppliedAsync();

        foreach (var exception in new[] { await ChatFailsAsync(bench, key, provider), await ResponsesFailsAsync(bench, key, provider) })
        {
            Assert.Equal(status, exception.Status);
            var error = System.Text.Json.JsonElement.Parse(exception.GetRawResponse()!.Content.ToString()).GetProperty("error");
            Assert.Equal(code, error.GetProperty("code").GetString());
            Assert.Contains(error.GetProperty("message").GetString()!, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UnusableProviderKey_IsA502ThatDoesNotBlameTheCaller()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions", FakeReply.Unauthorized());

        var exception = await ChatFailsAsync(bench);

        Assert.Equal(502, exception.Status);
        Assert.Contains("keys_unauthorized", exception.GetRawResponse()!.Content.ToString(), StringComparison.Ordinal);
    }

    private static Task<ClientResultException> ChatFailsAsync(TestBench bench, string? key = null, string provider = "openai") =>
        Assert.ThrowsAsync<ClientResultException>(() => bench.Chat(key, provider: provider).CompleteChatAsync([new UserChatMessage("Hello")], cancellationToken: Timeouts.Token));

    private static Task<ClientResultException> ResponsesFailsAsync(TestBench bench, string? key = null, string provider = "openai") =>
        Assert.ThrowsAsync<ClientResultException>(() => bench.Responses(key, provider: provider).CreateResponseAsync(Sdk.ResponsesModel, "Hello", cancellationToken: Timeouts.Token));
}
