using Microsoft.AspNetCore.Http;
using Trinity.ControlPlane.Components;
using Trinity.ControlPlane.Components.Session;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Console;

public sealed class SessionTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private ControlPlaneHost Host => shared.Host;

    [Fact]
    public async Task SignIn_WithAToken_BeginsASessionOfTheConsoleAlone()
    {
        using var browser = new ConsoleClient(Host);
        var token = await NewTokenAsync("admin");
        (await browser.GetAsync("/console/sign-in")).IsPage(200);

        var reply = (await browser.PostAsync("/console/sign-in", ("token", $" {token}\n"))).Is(303); // pasted with what was around it

        Assert.Equal("/console", reply.Location);
        Assert.Equal(["httponly", "path=/console", "samesite=strict", $"trinity_operator={token}"], reply.SetCookie!.Split("; ").Order(StringComparer.Ordinal));
        browser.Session = token;
        Assert.Equal("/console/settings/subscriptions", (await browser.GetAsync("/console")).Is(302).Location);
        (await browser.GetAsync("/console/settings/subscriptions")).IsPage(200);
    }

    [Fact]
    public void SignIn_OverHttps_KeepsTheCookieToHttps()
    {
        var http = new DefaultHttpContext { Request = { Scheme = "https" } };

        ConsoleSession.Begin(http, "tro_0");

        Assert.Contains("; secure", http.Response.Headers.SetCookie.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "An operator token is required.")]
    [InlineData("tro_0000000000000000000000000000000000000000000000000000000000000000", "The operator token is unknown or revoked.")]
    [InlineData("\"><script>alert(1)</script>", "The operator token is unknown or revoked.")]
    public async Task SignIn_WithSomethingElse_SaysSoAtItsField_AndShowsItNotAgain(string typed, string message)
    {
        using var browser = new ConsoleClient(Host);

        var reply = (await browser.PostAsync("/console/sign-in", ("token", typed))).IsPage(400);

        Assert.Null(reply.SetCookie);
        Assert.Contains(message, reply.Between("id=\"token-error\"", "</span>").Text, StringComparison.Ordinal);
        Assert.Contains("aria-describedby=\"token-error\"", reply.Html, StringComparison.Ordinal);
        if (typed.Length > 0)
        {
            Assert.DoesNotContain(typed, reply.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Session_OfARevokedToken_IsOutAtOnce()
    {
        var name = SharedHost.NewName();
        var token = (await shared.Admin.PostAsync("operator-tokens", $$"""{"name": "{{name}}", "role": "admin"}""")).Is(201).At("token")!;
        using var browser = await ConsoleClient.SignInAsync(Host, token);
        (await browser.GetAsync("/console/agents")).IsPage(200);

        (await shared.Admin.DeleteAsync($"operator-tokens/{name}")).Is(204);

        var reply = (await browser.GetAsync("/console/agents")).Is(303);
        Assert.Equal("/console/sign-in?return=%2Fconsole%2Fagents", reply.Location);
        Assert.Contains("trinity_operator=; expires=Thu, 01 Jan 1970", reply.SetCookie!, StringComparison.Ordinal);
        (await browser.PostAsync("/console/sign-in", ("token", token))).IsPage(400);
    }

    [Theory]
    [InlineData("/api/v1/providers")]
    [InlineData("/api/v1/operator-tokens")]
    [InlineData("/mcp")]
    [InlineData("/")]
    [InlineData("/consoles")]
    public async Task Session_CountsNowhereElse(string path)
    {
        using var browser = await ConsoleClient.SignInAsync(Host);

        (await browser.GetAsync(path, accept: "*/*")).Is(401);
    }

    [Fact]
    public async Task BearerToken_IsNoSession()
    {
        var token = (await File.ReadAllTextAsync(Host.TokenFile, Timeouts.Token)).Trim();
        var request = new HttpRequestMessage(HttpMethod.Get, "/console/agents") { Headers = { { "Authorization", $"Bearer {token}" } } };

        using var browser = new ConsoleClient(Host);

        (await browser.SendAsync(request)).Is(303);
    }

    [Theory]
    [InlineData("/console/agents", "/console/sign-in?return=%2Fconsole%2Fagents")]
    [InlineData("/console/agents/a?delivery=failed", "/console/sign-in?return=%2Fconsole%2Fagents%2Fa")]
    [InlineData("/console", "/console/sign-in")]
    [InlineData("/console/nothing", "/console/sign-in?return=%2Fconsole%2Fnothing")]
    public async Task Page_WithoutASession_LeadsToTheSignIn_AndBack(string path, string location)
    {
        using var browser = new ConsoleClient(Host);

        Assert.Equal(location, (await browser.GetAsync(path)).Is(303).Location);
    }

    [Fact]
    public async Task SignIn_WithAReturnPath_LeadsThere()
    {
        using var browser = new ConsoleClient(Host);
        var token = await NewTokenAsync("viewer");

        var page = (await browser.GetAsync("/console/sign-in?return=%2Fconsole%2Fagents%2Fa")).IsPage(200);
        Assert.Equal("/console/agents/a", page.ValueOf("return"));
        Assert.Equal("/console/agents/a", (await browser.PostAsync("/console/sign-in", ("token", token), ("return", "/console/agents/a"))).Is(303).Location);
    }

    [Theory]
    [InlineData("https://elsewhere.example/console")]
    [InlineData("//elsewhere.example/console")]
    [InlineData("/\\elsewhere.example")]
    [InlineData("/console\\..\\elsewhere")]
    [InlineData("/console@elsewhere.example")]
    [InlineData("/console.elsewhere.example")]
    [InlineData("/api/v1/providers")]
    [InlineData("console/agents")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/console/\r\nX-Header: 1")]
    [InlineData("/console/ä")]
    public async Task SignIn_WithAReturnPathOutOfTheConsole_StaysInIt(string path)
    {
        using var browser = new ConsoleClient(Host);
        var token = await NewTokenAsync("viewer");

        Assert.False(ConsolePaths.IsOwn(path));
        Assert.DoesNotContain("name=\"return\"", (await browser.GetAsync($"/console/sign-in?return={Uri.EscapeDataString(path)}")).IsPage(200).Html, StringComparison.Ordinal);
        Assert.Equal("/console", (await browser.PostAsync("/console/sign-in", ("token", token), ("return", path))).Is(303).Location);
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("viewer")]
    public async Task SignOut_EndsTheSession(string role)
    {
        using var browser = await ConsoleClient.SignInAsync(Host, await NewTokenAsync(role));
        Assert.Contains($"({role})", (await browser.GetAsync("/console/agents")).IsPage(200).Text, StringComparison.Ordinal);

        var reply = (await browser.PostAsync("/console/sign-out")).Is(303);

        Assert.Equal("/console/sign-in", reply.Location);
        Assert.Contains("trinity_operator=; expires=Thu, 01 Jan 1970", reply.SetCookie!, StringComparison.Ordinal);
        Assert.Contains("path=/console", reply.SetCookie!, StringComparison.Ordinal);
    }

    private async Task<string> NewTokenAsync(string role)
    {
        var token = (await shared.Admin.PostAsync("operator-tokens", $$"""{"name": "{{SharedHost.NewName()}}", "role": "{{role}}"}""")).Is(201).At("token")!;
        Canaries.Plant("operator-token", token);
        return token;
    }
}
