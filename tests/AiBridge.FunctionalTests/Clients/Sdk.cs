#pragma warning disable OPENAI001 // The SDK calls its Responses client experimental; agents live on that API.
using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Anthropic.Core;
using Anthropic.Models.Messages;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using OpenAI.Responses;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

/// <summary>The vendors' official SDKs, pointed at a bench's bridge the way its users do it: base URL and virtual key, nothing else.</summary>
internal static class Sdk
{
    public const string ClaudeModel = "claude-sonnet-4-5";
    public const string ChatModel = "gpt-5-mini";
    public const string ResponsesModel = "gpt-5-codex";

    public static AnthropicClient Anthropic(this TestBench bench, string? key = null, int retries = 0, string provider = "anthropic") =>
        new() { BaseUrl = $"{bench.Bridge.Url}/{provider}", ApiKey = key ?? bench.Token, MaxRetries = retries };

    /// <summary>Brings its own credential; the virtual key travels in a default header.</summary>
    public static AnthropicClient AnthropicByok(this TestBench bench, string? apiKey = null, string? authToken = null) => new(new ClientOptions
    {
        BaseUrl = $"{bench.Bridge.Url}/anthropic",
        ApiKey = apiKey,
        AuthToken = authToken,
        ExtraHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Trinity-Key"] = bench.Token },
        MaxRetries = 0,
    });

    public static ChatClient Chat(this TestBench bench, string? key = null, int retries = 0, string provider = "openai") =>
        new(ChatModel, new ApiKeyCredential(key ?? bench.Token), Options(bench, retries, provider));

    public static OpenAIModelClient Models(this TestBench bench) => new(new ApiKeyCredential(bench.Token), Options(bench, retries: 0, "openai"));

    public static ResponsesClient Responses(this TestBench bench, string? key = null, int retries = 0, string provider = "openai") =>
        new(new ApiKeyCredential(key ?? bench.Token), new ResponsesClientOptions
        {
            Endpoint = new Uri($"{bench.Bridge.Url}/{provider}/v1"),
            RetryPolicy = new ClientRetryPolicy(retries),
        });

    /// <summary>Brings its own credential; the virtual key travels in a default header.</summary>
    public static ChatClient ChatByok(this TestBench bench, string apiKey)
    {
        var options = Options(bench, retries: 0, "openai");
        options.AddPolicy(new DefaultHeader("X-Trinity-Key", bench.Token), PipelinePosition.PerCall);
        return new ChatClient(ChatModel, new ApiKeyCredential(apiKey), options);
    }

    public static MessageCreateParams Ask(string text) => new() { MaxTokens = 100, Model = ClaudeModel, Messages = [new UserMessageParam(text)] };

    private static OpenAIClientOptions Options(TestBench bench, int retries, string provider) => new()
    {
        Endpoint = new Uri($"{bench.Bridge.Url}/{provider}/v1"),
        RetryPolicy = new ClientRetryPolicy(retries),
    };

    /// <summary>How users of this SDK send a header with every request.</summary>
    private sealed class DefaultHeader(string name, string value) : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set(name, value);
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set(name, value);
            return ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
