using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Mcp;

public sealed class McpToolListTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private const string ReadOnly = "read-only, idempotent";
    private const string Additive = "idempotent";
    private const string Destructive = "destructive, idempotent";

    [Theory]
    [InlineData(null, "2026-07-28")]
    [InlineData("2025-11-25", "2025-11-25")]
    [InlineData("2025-06-18", "2025-06-18")]
    [InlineData("2025-03-26", "2025-03-26")]
    public async Task Tools_InEveryRevisionOfTheProtocol_AreListed(string? revision, string negotiated)
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host, revision: revision);

        var tools = await admin.Client.ListToolsAsync(cancellationToken: Timeouts.Token);

        Assert.Equal(negotiated, admin.Client.NegotiatedProtocolVersion);
        Assert.Equal(("trinity", true), (admin.Client.ServerInfo!.Name, admin.Client.ServerInstructions?.Contains("subscription", StringComparison.Ordinal)));
        Assert.Equal(
            ["assign_subscription", "clear_agent_subscription", "delete_subscription", "get_agent_auth", "list_subscriptions", "register_subscription"],
            tools.Select(tool => tool.Name).Order(StringComparer.Ordinal));
        (await admin.CallAsync("list_subscriptions")).IsDone();
    }

    [Theory]
    [InlineData("list_subscriptions", ReadOnly, "", "")]
    [InlineData("register_subscription", Destructive, "name token", "type tier soft_ceiling_percent")]
    [InlineData("delete_subscription", Destructive, "name", "")]
    [InlineData("assign_subscription", Additive, "agent subscription", "")]
    [InlineData("clear_agent_subscription", Destructive, "agent", "auth")]
    [InlineData("get_agent_auth", ReadOnly, "agent", "")]
    public async Task Tool_SaysWhatItTakes_AndWhatItDoes(string name, string hints, string required, string optional)
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);

        var tool = (await admin.Client.ListToolsAsync(cancellationToken: Timeouts.Token)).Single(tool => tool.Name == name).ProtocolTool;

        Assert.False(string.IsNullOrEmpty(tool.Title));
        Assert.False(string.IsNullOrEmpty(tool.Description));
        Assert.Equal(hints == ReadOnly, !tool.Description!.Contains("Needs the role admin.", StringComparison.Ordinal));
        var annotations = tool.Annotations!;
        Assert.Equal(
            (hints == ReadOnly, hints == Destructive, true, false),
            (annotations.ReadOnlyHint, annotations.DestructiveHint, annotations.IdempotentHint, annotations.OpenWorldHint));
        Assert.Equal("object", tool.InputSchema.GetProperty("type").GetString());
        Assert.False(tool.InputSchema.GetProperty("additionalProperties").GetBoolean());
        var properties = tool.InputSchema.GetProperty("properties").EnumerateObject().ToList();
        Assert.Equal(Words($"{required} {optional}"), properties.Select(property => property.Name));
        Assert.Equal(Words(required), tool.InputSchema.TryGetProperty("required", out var members) ? members.EnumerateArray().Select(member => member.GetString()!) : []);
        Assert.All(properties, property => Assert.False(string.IsNullOrEmpty(property.Value.GetProperty("description").GetString()), property.Name));
    }

    [Fact]
    public async Task Token_IsSaidToBeASecret()
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);

        var register = (await admin.Client.ListToolsAsync(cancellationToken: Timeouts.Token)).Single(tool => tool.Name == "register_subscription");

        var token = register.ProtocolTool.InputSchema.GetProperty("properties").GetProperty("token");
        Assert.True(token.GetProperty("writeOnly").GetBoolean());
        Assert.Contains("A secret", token.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Contains("never returned", token.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
