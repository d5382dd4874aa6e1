using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Mcp;

/// <summary>An operator's MCP client: the real one, over real HTTP. Every reply is searched for planted secrets.</summary>
internal sealed class McpOperator : IAsyncDisposable
{
    private readonly HttpClient _http;

    private McpOperator(HttpClient http, McpClient client) => (_http, Client) = (http, client);

    public McpClient Client { get; }

    /// <param name="host">The control plane.</param>
    /// <param name="token">Null: the first operator's; empty: none.</param>
    /// <param name="revision">Of the protocol; null: the newest that both sides know.</param>
    public static async Task<McpOperator> ConnectAsync(ControlPlaneHost host, string? token = null, string? revision = null)
    {
        token ??= (await File.ReadAllTextAsync(host.TokenFile)).Trim();
        var http = LoopbackHttp.CreateClient();
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = new Uri($"{host.BaseUrl}/mcp"),
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = token.Length == 0 ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {token}" },
            },
            http);
        try
        {
            return new McpOperator(http, await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = revision }, cancellationToken: Timeouts.Token));
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>The same as a new operator of a role; what it can do ends with its token.</summary>
    public static async Task<(McpOperator Operator, string Name)> ConnectAsAsync(ControlPlaneHost host, string role)
    {
        var name = SharedHost.NewName();
        var token = (await host.Admin.PostAsync("operator-tokens", $$"""{"name": "{{name}}", "role": "{{role}}"}""")).Is(201).At("token")!;
        var connected = await ConnectAsync(host, token);
        Canaries.Plant("operator-token", token);
        return (connected, name);
    }

    /// <param name="tool">Its name.</param>
    /// <param name="arguments">As JSON.</param>
    public async Task<ToolReply> CallAsync(string tool, string arguments = "{}")
    {
        var result = await Client.CallToolAsync(
            new CallToolRequestParams { Name = tool, Arguments = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(arguments) },
            Timeouts.Token);
        var wire = JsonSerializer.Serialize(result, McpJsonUtilities.DefaultOptions);
        Canaries.AssertAbsentFrom(wire, $"The reply to {tool}");
        var json = result.StructuredContent is { } structured ? JsonNode.Parse(structured.GetRawText()) : null;
        return new ToolReply(result.IsError is true, Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text, json!);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _http.Dispose();
    }
}

/// <summary>What a tool said.</summary>
/// <param name="IsError">Whether it failed.</param>
/// <param name="Text">For people and models.</param>
/// <param name="Json">For programs.</param>
internal sealed record ToolReply(bool IsError, string Text, JsonNode Json)
{
    /// <summary>Fails, with the text, unless the tool did what it was asked for, and said so in both forms.</summary>
    public ToolReply IsDone()
    {
        Assert.False(IsError, Text);
        Assert.True(JsonNode.DeepEquals(Json, JsonNode.Parse(Text)));
        return this;
    }

    /// <summary>Fails unless the tool failed with this status, and said so in both forms.</summary>
    public ToolReply IsProblem(int status)
    {
        Assert.True(IsError, Text);
        Assert.Equal(status, Json["status"]!.GetValue<int>());
        Assert.StartsWith($"{Json["title"]}: {Json["detail"]}", Text, StringComparison.Ordinal);
        return this;
    }

    /// <summary>The messages for an argument.</summary>
    public IReadOnlyList<string> ErrorsOf(string argument) => Json["errors"]?[argument]?.AsArray().Select(message => message!.GetValue<string>()).ToList() ?? [];
}
