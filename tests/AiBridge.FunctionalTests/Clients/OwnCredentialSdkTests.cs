using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

/// <summary>Bring your own key: the virtual key in <c>X-Trinity-Key</c>, the SDK's own credential untouched.</summary>
public sealed class OwnCredentialSdkTests
{
    [Theory]
    [InlineData("sk-ant-api03-my-own-0123456789", null)]
    [InlineData(null, "sk-ant-oat01-my-own-0123456789")] // a subscription's token
    public async Task Anthropic_OwnCredential_GoesUpstreamWithoutTheVirtualKey(string? apiKey, string? authToken)
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages").WithHeader("Authorization", $"Bearer {apiKey ?? authToken}").WithoutHeader("x-api-key").WithoutHeader("X-Trinity-Key")
            .Reply(AnthropicMessage.Saying("Hello.").For);
        using var client = bench.AnthropicByok(apiKey, authToken);

        await client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token);

        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("byok", "sk-a...6789", "tester"), (record.CredentialKind, record.KeyHint, record.Caller));
    }

    [Fact]
    public async Task Anthropic_OwnKeyRefused_ProvidersAnswerIsTheCallers()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", AnthropicError.Reply(401, "authentication_error", "invalid x-api-key"));
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).Reply(AnthropicMessage.Saying("Hello.").For);
        using var own = bench.AnthropicByok(apiKey: "sk-ant-my-own-key-0123456789");
        using var central = bench.Anthropic();

        var exception = await Assert.ThrowsAsync<Anthropic.Exceptions.AnthropicUnauthorizedException>(() => own.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));
        await central.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token); // the provider's key is not suspected for it

        Assert.Equal("invalid x-api-key", exception.ApiMessage);
    }

    [Fact]
    public async Task OpenAi_OwnApiKey_GoesUpstreamWithoutTheVirtualKey()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Expect("POST", "/v1/chat/completions").WithHeader("Authorization", "Bearer sk-proj-my-own-key-0123456789").WithoutHeader("X-Trinity-Key")
            .Reply(OpenAiChatCompletion.Saying("Hello.").For);

        await bench.ChatByok("sk-proj-my-own-key-0123456789").CompleteChatAsync([new OpenAI.Chat.UserChatMessage("Hello")], cancellationToken: Timeouts.Token);

        Assert.Equal("byok", Assert.Single(await bench.RecordsAsync(1)).CredentialKind);
    }
}
