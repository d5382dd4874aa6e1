using System.Net;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Mcp;

public sealed class McpAuthorizationTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Viewer_Reads_AndIsToldWhatWritesNeed()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var (viewer, name) = await McpOperator.ConnectAsAsync(bench.Host, "viewer");
        await using var _ = viewer;
        var before = await bench.Host.RevisionAsync();

        Assert.Equal(6, (await viewer.Client.ListToolsAsync(cancellationToken: Timeouts.Token)).Count);
        (await viewer.CallAsync("list_subscriptions")).IsDone();
        (await viewer.CallAsync("get_agent_auth", """{"agent": "a"}""")).IsDone();
        foreach (var (tool, arguments) in ((string, string)[])[
            ("register_subscription", $$"""{"name": "mine", "token": "{{Canaries.New("anthropic-oauth")}}"}"""),
            ("delete_subscription", """{"name": "first"}"""),
            ("assign_subscription", """{"agent": "a", "subscription": "first"}"""),
            ("clear_agent_subscription", """{"agent": "a"}""")])
        {
            var refused = (await viewer.CallAsync(tool, arguments)).IsProblem(403);
            Assert.Equal($"Forbidden: This needs the role admin; the token '{name}' has the role viewer.", refused.Text);
        }

        Assert.Equal(before, await bench.Host.RevisionAsync());
        Assert.Equal("first", (await bench.GetAsync("a")).At("auth.subscription"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tro_0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Connect_WithoutAValidToken_IsRefused(string token)
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => McpOperator.ConnectAsync(shared.Host, token));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Connect_WithAVirtualKey_IsRefused()
    {
        var key = (await shared.Admin.PostAsync("virtual-keys", $$"""{"name": "{{SharedHost.NewName()}}"}""")).Is(201).At("key")!;

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => McpOperator.ConnectAsync(shared.Host, key));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Call_AfterTheTokenIsRevoked_IsRefused()
    {
        var (admin, name) = await McpOperator.ConnectAsAsync(shared.Host, "admin");
        await using var _ = admin;
        (await admin.CallAsync("list_subscriptions")).IsDone();

        (await shared.Admin.DeleteAsync($"operator-tokens/{name}")).Is(204);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => admin.CallAsync("list_subscriptions"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }
}
