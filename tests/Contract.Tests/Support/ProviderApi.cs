using System.Text.Json;
using Trinity.Shared.Configuration;

namespace Trinity.Contract.Tests.Support;

/// <summary>An API that providers offer: a row of the tables, and a folder of Stubs/.</summary>
internal sealed record ProviderApi
{
    private const string Chat = "/v1/chat/completions";

    /// <summary>Of the folder, and of the provider.</summary>
    public required string Name { get; init; }

    public required string Type { get; init; }

    /// <summary>Where the provider has it.</summary>
    public required string BasePath { get; init; }

    /// <summary>Below the provider's name.</summary>
    public required string ClientPath { get; init; }

    public required string[] Keys { get; init; }

    /// <summary>What a reply is called there.</summary>
    public required string Reply { get; init; }

    public ProviderSettings Settings { get; init; } = ProviderSettings.Default;

    public static IReadOnlyList<ProviderApi> All { get; } =
    [
        new()
        {
            Name = "anthropic", Type = ProviderTypes.Anthropic, BasePath = "", ClientPath = "/v1/messages?beta=true", Reply = "message",
            Keys = ["sk-ant-api03-contract-0123456789", "sk-ant-api03-contract-9876543210"],
        },
        new()
        {
            Name = "openai-chat", Type = ProviderTypes.OpenAi, BasePath = "/v1", ClientPath = Chat, Reply = "completion",
            Keys = ["sk-proj-contract-0123456789", "sk-proj-contract-9876543210"],
        },
        new()
        {
            Name = "openai-responses", Type = ProviderTypes.OpenAi, BasePath = "/v1", ClientPath = "/v1/responses", Reply = "response",
            Keys = ["sk-proj-contract-0123456789", "sk-proj-contract-9876543210"],
        },
        new()
        {
            Name = "openai-compatible", Type = ProviderTypes.OpenAiCompatible, BasePath = "/llm/openai/v1/", ClientPath = Chat, Reply = "completion",
            Keys = ["sk-compatible-contract-0123456789", "sk-compatible-contract-9876543210"],
        },
        new()
        {
            Name = "openrouter", Type = ProviderTypes.OpenRouter, BasePath = "/api/v1", ClientPath = Chat, Reply = "completion",
            Keys = ["sk-or-v1-contract-0123456789", "sk-or-v1-contract-9876543210"],
            Settings = new ProviderSettings { ExtraHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["HTTP-Referer"] = "https://trinity.example", ["X-Title"] = "Trinity" } },
        },
    ];

    public static TheoryData<string> Names { get; } = [.. All.Select(api => api.Name)];

    private bool IsAnthropic => Type == ProviderTypes.Anthropic;

    public static ProviderApi Find(string name) => All.Single(api => api.Name == name);

    /// <summary>What all its replies in Stubs/ consumed: input, output, cache read, cache write, reasoning.</summary>
    public (long?, long?, long?, long?, long?) Usage => IsAnthropic ? (11, 42, 2048, 120, 0) : (20, 42, 100, 0, 30);

    /// <summary>An error of the bridge's own as a reply.</summary>
    public string ErrorBody(int status, string code, string message, Guid interceptionId) => IsAnthropic
        ? $$$"""{"type":"error","error":{"type":"{{{ErrorType(status)}}}","message":"{{{code}}}: {{{Encode(message)}}}"},"request_id":"{{{interceptionId}}}"}"""
        : $$$"""{"error":{"message":"{{{Encode(message)}}}","type":"{{{ErrorType(status)}}}","param":null,"code":"{{{code}}}"}}""";

    /// <summary>The same as the events that end a stream.</summary>
    public string ErrorEvents(int status, string code, string message, Guid interceptionId) => Reply switch
    {
        "message" => $"event: error\ndata: {ErrorBody(status, code, message, interceptionId)}\n\n",
        "response" => $"event: error\ndata: {$$"""{"type":"error","code":"{{code}}","message":"{{Encode(message)}}","param":null}"""}\n\n",
        _ => $"data: {ErrorBody(status, code, message, interceptionId)}\n\ndata: [DONE]\n\n",
    };

    private static JsonEncodedText Encode(string text) => JsonEncodedText.Encode(text);

    private string ErrorType(int status) => (status, IsAnthropic) switch
    {
        (429, _) => "rate_limit_error",
        (504, true) => "timeout_error",
        (_, true) => "api_error",
        _ => "server_error",
    };
}
