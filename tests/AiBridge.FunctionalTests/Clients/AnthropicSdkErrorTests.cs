using System.Net;
using Anthropic.Exceptions;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

/// <summary>What the SDK makes of errors: the provider's must arrive as sent, ours must look like the vendor's.</summary>
public sealed class AnthropicSdkErrorTests
{
    [Theory]
    [InlineData(400, "invalid_request_error", typeof(AnthropicBadRequestException))]
    [InlineData(403, "permission_error", typeof(AnthropicForbiddenException))]
    [InlineData(413, "request_too_large", typeof(Anthropic4xxException))]
    [InlineData(500, "api_error", typeof(Anthropic5xxException))]
    [InlineData(529, "overloaded_error", typeof(AnthropicOverloadedException))]
    public async Task ProviderError_ReachesTheSdkAsSent(int status, string type, Type expected)
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var error = AnthropicError.Reply(status, type, "Said by the provider.");
        bench.Upstream.Expect("POST", "/v1/messages", error);
        using var client = bench.Anthropic();

        var exception = await Assert.ThrowsAnyAsync<AnthropicApiException>(() => client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));

        Assert.IsType(expected, exception, exactMatch: false);
        Assert.Equal((status, error.BodyText()), ((int)exception.StatusCode, exception.ResponseBody));
        Assert.Equal("req_trinity0001", exception.RequestID);
        var record = Assert.Single(await bench.RecordsAsync(1));
        Assert.Equal(("provider_error", status), (record.Outcome, record.Status));
    }

    [Fact]
    public async Task RateLimited_SdkWaitsAsToldAndRetries()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", FakeReply.TooManyRequests(retryAfterSeconds: 1));
        bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("At last.").For);
        using var client = bench.Anthropic(retries: 3);

        var message = await client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token);

        Assert.True(message.Content[0].TryPickText(out var text));
        Assert.Equal("At last.", text!.Text);
    }

    [Fact]
    public async Task Overloaded_SdkRetries()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", AnthropicError.Overloaded());
        bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("At last.").For);
        using var client = bench.Anthropic(retries: 1);

        await client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token);

        Assert.Equal(["provider_error 529", "completed 200"], (await bench.RecordsAsync(2)).Select(record => $"{record.Outcome} {record.Status}"));
    }

    [Fact]
    public async Task ErrorInTheStream_ReachesTheSdk()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", FakeReply.Sse([.. AnthropicMessage.Saying("Half").Frames().Take(3), AnthropicError.Frame("overloaded_error", "Said mid-stream.")]));
        using var client = bench.Anthropic();

        var exception = await Assert.ThrowsAnyAsync<AnthropicServiceException>(async () =>
        {
            await foreach (var streamed in client.Messages.CreateStreaming(Sdk.Ask("Hello"), Timeouts.Token))
            {
                streamed.Validate();
            }
        });

        Assert.Equal("Said mid-stream.", exception.ApiMessage);
        Assert.Equal("provider_error", Assert.Single(await bench.RecordsAsync(1)).Outcome);
    }

    [Fact]
    public async Task UnknownVirtualKey_IsTheVendors401()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var client = bench.Anthropic(key: "trk_0000000000000000000000000000000000000000000000000000000000000000");

        var exception = await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));

        Assert.StartsWith("unknown_virtual_key: ", exception.ApiMessage, StringComparison.Ordinal);
        Assert.Equal("authentication_error", exception.Type?.Raw());
    }

    [Fact]
    public async Task UnknownProvider_IsTheVendors404()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var client = bench.Anthropic(provider: "nobody");

        var exception = await Assert.ThrowsAsync<AnthropicNotFoundException>(() => client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));

        Assert.StartsWith("unknown_provider: ", exception.ApiMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisabledProvider_IsTheVendors503()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await bench.Config.EnableAsync("anthropic", enabled: false);
        await bench.AppliedAsync();
        using var client = bench.Anthropic();

        var exception = await Assert.ThrowsAnyAsync<Anthropic5xxException>(() => client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, exception.StatusCode);
        Assert.StartsWith("provider_disabled: ", exception.ApiMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnusableProviderKey_IsA502ThatDoesNotBlameTheCaller()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", FakeReply.Unauthorized());
        using var client = bench.Anthropic();

        var exception = await Assert.ThrowsAnyAsync<Anthropic5xxException>(() => client.Messages.Create(Sdk.Ask("Hello"), Timeouts.Token));

        Assert.Equal(HttpStatusCode.BadGateway, exception.StatusCode);
        Assert.StartsWith("keys_unauthorized: ", exception.ApiMessage, StringComparison.Ordinal);
    }
}
