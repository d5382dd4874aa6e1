using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Console;

public sealed class GuardTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private ControlPlaneHost Host => shared.Host;

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Sec-Fetch-Site", "")]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Referer", "http://127.0.0.1/console")] // says nothing: neither of the two is there
    public async Task Form_OfAnotherSite_IsRefused_AndNothingIsDone(string header, string value)
    {
        using var browser = await ConsoleClient.SignInAsync(Host);
        var name = SharedHost.NewName();

        foreach (var path in FormPaths())
        {
            var reply = (await browser.SendAsync(ConsoleClient.Form(path, [("name", name), ("token", Canaries.New("anthropic-oauth"))], (header, value)))).IsPage(403);
            Assert.Contains("not sent from a page of this console", reply.Text, StringComparison.Ordinal);
            Assert.Null(reply.SetCookie);
        }

        (await shared.Admin.GetAsync($"subscriptions/{name}")).IsProblem(404);
    }

    [Fact]
    public async Task Form_OfAnotherSite_IsNotMadeOurOwnByItsOrigin()
    {
        using var browser = await ConsoleClient.SignInAsync(Host);

        (await browser.SendAsync(ConsoleClient.Form("/console/sign-out", [], ("Sec-Fetch-Site", "cross-site"), ("Origin", Host.BaseUrl)))).IsPage(403);
    }

    [Fact]
    public async Task Form_FromABrowserThatTellsOnlyItsOrigin_IsTaken()
    {
        using var browser = await ConsoleClient.SignInAsync(Host);

        (await browser.SendAsync(ConsoleClient.Form("/console/sign-out", [], ("Origin", Host.BaseUrl)))).Is(303);
    }

    [Fact]
    public async Task Viewer_SeesEverything_AndIsRefusedEveryForm()
    {
        using var viewer = await ConsoleClient.SignInViewerAsync(Host, shared.Admin);
        var name = SharedHost.NewName();
        (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
        (await shared.Admin.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""")).Is(200);
        var before = await Host.RevisionAsync();

        foreach (var page in (string[])["/console/agents", "/console/settings/subscriptions", $"/console/settings/subscriptions?open={name}", $"/console/settings/subscriptions/{name}/delete"])
        {
            var html = (await viewer.GetAsync(page)).IsPage(200).Html;
            Assert.Equal(1, html.Split("<form").Length - 1); // to sign out
        }

        foreach (var path in FormPaths().Where(path => path is not ("/console/sign-in" or "/console/sign-out")))
        {
            var reply = (await viewer.PostAsync(path.Replace("/a/", $"/{name}/", StringComparison.Ordinal), ("token", Canaries.New("anthropic-oauth")), ("name", name))).IsPage(403);
            Assert.Contains("This needs the role admin", reply.Text, StringComparison.Ordinal);
        }

        Assert.Equal(before, await Host.RevisionAsync());
    }

    [Fact]
    public async Task Forms_AreKnownToTheseTests()
    {
        Assert.Equal(
            [
                "/console/agents/a/subscription",
                "/console/settings/subscriptions",
                "/console/settings/subscriptions/a/agents",
                "/console/settings/subscriptions/a/agents/a/remove",
                "/console/settings/subscriptions/a/delete",
                "/console/settings/subscriptions/a/token",
                "/console/sign-in",
                "/console/sign-out",
            ],
            FormPaths());
        using var nobody = new ConsoleClient(Host);
        foreach (var path in FormPaths().Where(path => path != "/console/sign-in"))
        {
            Assert.Equal("/console/sign-in", (await nobody.PostAsync(path)).Is(303).Location);
        }
    }

    [Theory]
    [InlineData("/console/nothing")]
    [InlineData("/console/agents/nothing")]
    [InlineData("/console/agents/Not%20A%20Name")]
    [InlineData("/console/settings/subscriptions/nothing/delete")]
    public async Task Page_ThatIsNotThere_IsAPageOfTheConsole(string path)
    {
        using var browser = await ConsoleClient.SignInAsync(Host);

        var page = (await browser.GetAsync(path)).IsPage(404);

        Assert.Contains("<h1>Not found</h1>", page.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("href=\"/console\"", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AskedForInAnotherWay_IsAPageOfTheConsole()
    {
        using var browser = await ConsoleClient.SignInAsync(Host);

        (await browser.PostAsync("/console/agents")).IsPage(405);
        foreach (var content in (HttpContent[])[new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), new MultipartFormDataContent { { new StringContent("x"), "name" } }, new ByteArrayContent([])])
        {
            var request = ConsoleClient.Form("/console/settings/subscriptions", [], ("Sec-Fetch-Site", "same-origin"));
            request.Content = content;
            (await browser.SendAsync(request)).IsPage(415);
        }
    }

    [Fact]
    public async Task Form_OfTooMuch_IsRefused()
    {
        using var browser = new ConsoleClient(Host);

        (await browser.PostAsync("/console/sign-in", Enumerable.Range(0, 2000).Select(number => ($"f{number}", "x")))).IsPage(400);
        var tooLong = ConsoleClient.Form("/console/sign-in", [("token", new string('x', 1024 * 1024))], ("Sec-Fetch-Site", "same-origin"));
        tooLong.Headers.ExpectContinue = true; // or the server would close the connection while we still send
        (await browser.SendAsync(tooLong)).IsPage(413);
    }

    [Fact]
    public async Task Database_Away_IsAPageOfTheConsole()
    {
        await using var server = await PostgresServer.StartOwnAsync();
        await using var database = await PostgresDatabase.CreateOnAsync(server, ControlPlaneHost.MigrateAsync);
        await using var host = await ControlPlaneHost.StartAsync(database: database);
        using var browser = await ConsoleClient.SignInAsync(host);

        await server.StopAsync();

        Assert.Contains("database cannot be reached", (await browser.GetAsync("/console/agents")).IsPage(503).Text, StringComparison.Ordinal);
        await server.StartAsync(); // for what a host looks for when it ends
    }

    [Theory]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", 302)]
    [InlineData("*/*", 401)]
    [InlineData("application/json", 401)]
    public async Task Root_LeadsBrowsersToTheConsole_AndNobodyElse(string accept, int status)
    {
        using var browser = new ConsoleClient(Host);

        Assert.Equal(status == 302 ? "/console" : null, (await browser.GetAsync("/", accept)).Is(status).Location);
    }

    [Fact]
    public async Task Stylesheet_IsPartOfTheProgram()
    {
        using var browser = new ConsoleClient(Host);

        var reply = (await browser.GetAsync("/console/style.css", "text/css")).Is(200);

        Assert.Equal("text/css; charset=utf-8", reply.Headers["Content-Type"]);
        Assert.Contains(".badge", reply.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Description_LeavesTheConsoleOut() =>
        Assert.DoesNotContain("console", (await Host.Anonymous.GetAsync("/openapi/v1.json")).Is(200).Text, StringComparison.Ordinal);

    [Fact]
    public async Task Console_WritesNoKeyFiles_AndWarnsOfNothing()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        using var browser = await ConsoleClient.SignInAsync(host);
        (await host.Admin.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""")).Is(200);
        var files = Directory.GetFiles(host.DataDirectory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();

        foreach (var page in (string[])["/console/agents", "/console/settings/subscriptions", "/console/nothing"])
        {
            await browser.GetAsync(page);
        }

        Assert.Null(host.Services.GetService(typeof(Microsoft.AspNetCore.DataProtection.IDataProtectionProvider))); // who would write them
        Assert.DoesNotContain(host.Logs.All, log => log.Level >= LogLevel.Warning);
        Assert.Equal(files, Directory.GetFiles(host.DataDirectory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    // Wherever a form can be sent to, with "a" for whatever it names.
    private List<string> FormPaths() =>
    [
        .. Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/').Replace("{name}", "a", StringComparison.Ordinal).Replace("{agent}", "a", StringComparison.Ordinal))
            .Where(path => path.StartsWith("/console", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}
