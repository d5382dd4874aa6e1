using System.Net.Http.Headers;
using System.Text;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Mcp;

/// <summary>What comes over the wire without a well-behaved client.</summary>
public sealed class McpProtocolTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private const string Initialize = """{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}""";
    private const string List = """{"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}""";
    private const string OldList = """{"jsonrpc": "2.0", "id": 7, "method": "tools/list"}""";
    private const string Prompts = """{"jsonrpc": "2.0", "id": 7, "method": "prompts/list", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}""";
    private const string Call = """{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "list_subscriptions", "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}""";

    [Theory]
    [InlineData(-32700, "")]
    [InlineData(-32700, "{")]
    [InlineData(-32700, "nonsense")]
    [InlineData(-32700, "[]")]
    [InlineData(-32700, "null")]
    [InlineData(-32700, """[{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]""")]
    [InlineData(-32700, """{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "tools/list"}""")]
    [InlineData(-32600, "{}")]
    [InlineData(-32600, """{"id": 1, "method": "tools/list"}""")]
    [InlineData(-32600, """{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}""")]
    [InlineData(-32600, """{"jsonrpc": 2, "id": 1, "method": "tools/list"}""")]
    [InlineData(-32600, """{"jsonrpc": "2.0", "id": null, "method": "tools/list"}""")]
    [InlineData(-32600, """{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}""")]
    [InlineData(-32600, """{"jsonrpc": "2.0", "id": 1, "method": 5}""")]
    [InlineData(-32700, """{"jsonrpc": "2.0", "id": 1, "method": "\ud800"}""")]
    [InlineData(-32700, """{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "\ud800": 1}""")]
    [InlineData(-32700, """{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_subscription", "arguments": {"name": "\ud800"}}}""")]
    [InlineData(-32600, """{"jsonrpc": "2.0", "id": 1}""")]
    public async Task Body_ThatIsNoMessage_IsAnError(int code, string body)
    {
        var reply = (await PostAsync(body)).Is(400);

        Assert.Equal(code, reply.Json["error"]!["code"]!.GetValue<int>());
        Assert.False(string.IsNullOrEmpty(reply.At("error.message")));
        Assert.Equal("2.0", reply.At("jsonrpc"));
    }

    [Theory]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": []}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": "list_subscriptions"}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": 5}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "list_subscriptions", "arguments": "text"}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "list_subscriptions", "arguments": [1]}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"arguments": {}}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call"}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "no_such_tool"}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"cursor": 5}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": {"protocolVersion": 5}}""")]
    public async Task Parameters_OfAnotherForm_AreAnErrorOfThatRequest(string body)
    {
        var reply = await PostAsync(body);

        Assert.True((int)reply.Status is 200 or 400, reply.Text);
        Assert.Contains("\"id\":7", reply.Text, StringComparison.Ordinal);
        Assert.Contains("\"code\":-32602", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("An error occurred", reply.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": {"name": "a", "token": SECRET}}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": {"name": "a", "token": "SECRET"}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": "SECRET"}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": {"name": "a", "token": ["SECRET"]}}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": {"name": "SECRET"}}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "register_subscription", "arguments": {"name": "a", "token": "SECRET SECRET"}}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["SECRET"]}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": ["SECRET"]}}""")]
    [InlineData("""{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": ["SECRET"]}}""")]
    [InlineData("""{"jsonrpc": "2.0", "id": "1", "result": {"token": "SECRET"}}""")]
    public async Task Secret_InABadRequest_IsNeitherRepeatedNorLogged(string body)
    {
        await using var host = await StartWordyAsync();

        var reply = await PostAsync(body.Replace("SECRET", Canaries.New("anthropic-oauth"), StringComparison.Ordinal), host: host); // the client looks at the reply

        Assert.True((int)reply.Status < 500, reply.Text);
        Canaries.AssertAbsentFrom(host.Logs.Text, "The log");
    }

    // The one kind of message that the protocol's library writes down as it came, at level Trace, if it is given a logger.
    [Fact]
    public async Task Secret_InANotificationThatFails_IsNotLogged()
    {
        await using var host = await StartWordyAsync();
        var body = $$$"""{"jsonrpc": "2.0", "method": "notifications/initialized", "params": {"token": "{{{Canaries.New("anthropic-oauth")}}}"}}""";

        (await PostAsync(body, request => request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", "2026-07-28"), host: host)).Is(202);

        Canaries.AssertAbsentFrom(host.Logs.Text, "The log");
    }

    [Fact]
    public async Task Secret_OfACallThatIsServed_IsInNoLogAtAnyLevel()
    {
        await using var host = await StartWordyAsync();
        await using var admin = await McpOperator.ConnectAsync(host);
        var token = Canaries.New("anthropic-oauth");

        (await admin.CallAsync("register_subscription", $$"""{"name": "a", "token": "{{token}}"}""")).IsDone();
        (await admin.CallAsync("register_subscription", $$"""{"name": "a", "token": "{{token}}"}""")).IsDone();
        (await admin.CallAsync("delete_subscription", """{"name": "a"}""")).IsDone();

        Assert.NotEmpty(host.Logs.Of(ControlPlaneEventIds.ChangeWritten));
        Canaries.AssertAbsentFrom(host.Logs.Text, "The log"); // as it is on dispose, of the audit trail too
    }

    [Fact]
    public async Task Call_FailsUnexpectedly_IsToldWithoutDetail_AndLogged()
    {
        await using var host = await StartWordyAsync();
        await using var admin = await McpOperator.ConnectAsync(host);
        await host.Database.ExecuteAsync("alter table subscriptions rename to elsewhere");

        var reply = (await admin.CallAsync("register_subscription", $$"""{"name": "a", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).IsProblem(500);

        Assert.DoesNotContain("elsewhere", reply.Text, StringComparison.Ordinal);
        var line = Assert.Single(host.Logs.Of(ControlPlaneEventIds.RequestFailed));
        Assert.Contains("/mcp register_subscription", line.Message, StringComparison.Ordinal);
        Assert.NotNull(line.Exception);
    }

    [Fact]
    public async Task Body_TooLarge_Is413()
    {
        var body = $$"""{"jsonrpc": "2.0", "id": 1, "method": "{{new string('a', JsonBody.MaxBytes)}}"}""";

        Assert.Contains($"{JsonBody.MaxBytes} bytes", (await PostAsync(body, request => request.Headers.ExpectContinue = true)).Is(413).At("error.message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OfAnotherKind_IsRefused()
    {
        (await PostAsync(List, request => request.Content!.Headers.ContentType = new MediaTypeHeaderValue("text/plain"))).Is(415);
        (await PostAsync(List, accept: "application/json")).Is(406);
        (await PostAsync(List, request => request.Headers.TryAddWithoutValidation("Origin", shared.Host.BaseUrl))).Is(403);
        Assert.Equal("POST", (await shared.Admin.GetAsync("/mcp")).IsProblem(405).Header("Allow"));
        (await shared.Admin.DeleteAsync("/mcp")).IsProblem(405);
        (await shared.Host.Anonymous.GetAsync("/mcp")).IsProblem(401);
    }

    [Theory]
    [InlineData(200, List, "2026-07-28", "tools/list", null)]
    [InlineData(200, Call, "2026-07-28", "tools/call", "list_subscriptions")]
    [InlineData(200, Initialize, null, null, null)]
    [InlineData(400, List, "2026-07-28", null, null)]
    [InlineData(400, List, "2026-07-28", "tools/call", null)]
    [InlineData(400, List, "2025-11-25", "tools/list", null)]
    [InlineData(400, List, null, "tools/list", null)]
    [InlineData(400, List, "1999-01-01", "tools/list", null)]
    [InlineData(400, OldList, "1999-01-01", "tools/list", null)]
    [InlineData(400, OldList, "2999-01-01", "tools/list", null)]
    [InlineData(404, Prompts, "2026-07-28", "prompts/list", null)]
    [InlineData(200, OldList, "2025-06-18", "other", "other")]
    [InlineData(200, OldList, null, null, null)]
    [InlineData(400, Call, "2026-07-28", "tools/call", null)]
    [InlineData(400, Call, "2026-07-28", "tools/call", "get_agent_auth")]
    [InlineData(400, Call, "2026-07-28", "tools/call", "=?base64?%%%?=")]
    public async Task Headers_MustSayWhatTheBodySays(int status, string body, string? revision, string? method, string? tool)
    {
        var reply = await PostAsync(body, request =>
        {
            foreach (var (name, value) in ((string, string?)[])[("MCP-Protocol-Version", revision), ("Mcp-Method", method), ("Mcp-Name", tool)])
            {
                if (value is not null)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }
        });

        reply.Is(status);
        Assert.Equal(status == 200, !reply.Text.Contains("\"error\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Notification_HasNoReply()
    {
        var reply = (await PostAsync("""{"jsonrpc": "2.0", "method": "notifications/initialized"}""")).Is(202);

        Assert.Equal(("", null), (reply.Text, reply.Header("Content-Type")));
    }

    [Fact]
    public async Task Method_Unknown_IsAnErrorOfThatRequest()
    {
        var reply = (await PostAsync("""{"jsonrpc": "2.0", "id": 7, "method": "prompts/list"}""")).Is(200);

        Assert.Contains("-32601", reply.Text, StringComparison.Ordinal);
    }

    // Everything is logged that somebody could turn on.
    private static Task<ControlPlaneHost> StartWordyAsync() => ControlPlaneHost.StartAsync(
        ["--Logging:LogLevel:Default", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore", "Trace", "--Logging:LogLevel:ModelContextProtocol", "Trace"]);

    private Task<ApiReply> PostAsync(string body, Action<HttpRequestMessage>? change = null, string accept = "application/json, text/event-stream", ControlPlaneHost? host = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.ParseAdd(accept);
        change?.Invoke(request);
        return (host ?? shared.Host).Admin.SendAsync(request);
    }
}
