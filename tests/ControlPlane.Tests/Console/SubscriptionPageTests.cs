using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.Console;

public sealed class SubscriptionPageTests : IAsyncLifetime
{
    private const string Path = "/console/settings/subscriptions";
    private const string Hostile = "<img src=x onerror=\"alert(1)\">&'";

    private ControlPlaneHost _host = null!;
    private ConsoleClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ControlPlaneHost.StartAsync();
        (await _host.Admin.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""")).Is(200);
        var token = (await _host.Admin.PostAsync("operator-tokens", """{"name": "grace", "role": "admin"}""")).Is(201).At("token")!;
        _browser = await ConsoleClient.SignInAsync(_host, token);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Table_Empty_SaysWhatToDo()
    {
        var page = (await _browser.GetAsync(Path)).IsPage(200);

        Assert.Contains("There is no subscription yet. Run claude setup-token", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<table", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_ShowsWhatTheApiSays()
    {
        var token = await PutAsync("team", "\"type\": \"max\", \"tier\": \"20x\"");
        await PutAsync("other");
        await _host.Services.GetRequiredService<LimitsStore>().WriteAsync(
            new LimitsReading(
                CredentialFingerprint.Of(token),
                LimitsSource.Live,
                "test",
                new PlanLimits { Status = "allowed", Windows = [new() { Name = PlanWindows.FiveHour, Utilization = 0.9, ResetsAt = TimeProvider.System.GetUtcNow().AddHours(3) }] },
                TimeProvider.System.GetUtcNow()),
            Timeouts.Token);

        var page = (await _browser.GetAsync(Path)).IsPage(200);
        var api = (await _host.Admin.GetAsync("subscriptions/team")).Is(200);
        var account = (await _host.Admin.GetAsync("account-usage/team")).Is(200);

        var row = page.RowOf("team");
        Assert.Contains("<span class=\"badge\">max</span>", row.Html, StringComparison.Ordinal);
        var created = DateTime.Parse(api.At("created_at")!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        Assert.Equal("5-hour limit: 10 % left", account.At("label"));
        Assert.Contains(
            $" team max 20x {api.At("hint")} no. 1 {account.At("label")} No new agents: {account.At("placement.reason")} 0 {created} UTC Agents and token of team No agent works on it.",
            row.Text,
            StringComparison.Ordinal);
        Assert.Contains(" other not given – ", page.RowOf("other").Text, StringComparison.Ordinal);
        Assert.Equal(7, page.Html.Split("<th scope=\"col\">").Length - 1);
        Assert.DoesNotContain("<details open", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_StoresIt_UnderTheOperatorsName()
    {
        var token = Canaries.New("anthropic-oauth");

        var done = (await _browser.PostAsync(Path, ("name", "team"), ("type", "max"), ("tier", ""), ("token", $" {token} "))).Is(303);

        var page = (await _browser.GetAsync(done.Location!)).IsPage(200);
        Assert.Contains("The subscription is registered.", page.Between("role=\"status\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Contains("<details open", page.RowOf("team").Html, StringComparison.Ordinal);
        var stored = (await _host.Admin.GetAsync("subscriptions/team")).Is(200);
        Assert.Equal((CredentialFingerprint.Of(token), "max", null), (stored.At("fingerprint"), stored.At("type"), stored.At("tier")));
        Assert.Equal(["grace subscription.create team"], await AuditAsync());
    }

    [Fact]
    public async Task Register_WithMistakes_SaysSoAtEachField_AndKeepsWhatWasTyped_ButNoSecret()
    {
        var secret = $"{Canaries.New("anthropic-oauth")} {Canaries.New("anthropic-oauth")}"; // no token has a space

        var page = (await _browser.PostAsync(Path, ("name", "not / a name"), ("type", Hostile), ("tier", new string('x', 65)), ("token", secret))).IsPage(400);

        Assert.Contains("A name of 1 to 64 letters", page.Between("id=\"name-error\"", "</span>").Text, StringComparison.Ordinal);
        Assert.Contains("must not be longer than 64", page.Between("id=\"tier-error\"", "</span>").Text, StringComparison.Ordinal);
        Assert.NotEmpty(page.Between("id=\"token-error\"", "</span>").Text.Trim());
        Assert.DoesNotContain("type-error\">", page.Html, StringComparison.Ordinal);
        Assert.Equal(("not / a name", Hostile, new string('x', 65)), (page.ValueOf("name"), page.ValueOf("type"), page.ValueOf("tier")));
        Assert.DoesNotMatch("<input[^>]*type=\"password\"[^>]*value=", page.Html);
        Assert.Empty((await _host.Admin.GetAsync("subscriptions")).Items);
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task Register_TokenOfAnotherKind_SaysWhatIsOdd()
    {
        var done = (await _browser.PostAsync(Path, ("name", "team"), ("token", Canaries.New("anthropic-key")))).Is(303);

        Assert.Contains("does not look like those of 'claude setup-token'", (await _browser.GetAsync(done.Location!)).IsPage(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollOver_ReplacesTheTokenAlone()
    {
        await PutAsync("team", "\"type\": \"max\", \"tier\": \"20x\", \"soft_ceiling_percent\": 60");
        var token = Canaries.New("anthropic-oauth");

        var done = (await _browser.PostAsync($"{Path}/team/token", ("token", token), ("type", "pro"))).Is(303);

        Assert.Contains("The token is saved.", (await _browser.GetAsync(done.Location!)).IsPage(200).Text, StringComparison.Ordinal);
        var stored = (await _host.Admin.GetAsync("subscriptions/team")).Is(200);
        Assert.Equal(
            (CredentialFingerprint.Of(token), "2", "max", "20x", "60"),
            (stored.At("fingerprint"), stored.At("token_generation"), stored.At("type"), stored.At("tier"), stored.At("soft_ceiling_percent")));
        Assert.Equal("grace subscription.roll_over team", (await AuditAsync())[^1]);
    }

    [Fact]
    public async Task RollOver_WithoutAToken_SaysSoInItsRow()
    {
        await PutAsync("team");
        await PutAsync("other");

        var page = (await _browser.PostAsync($"{Path}/team/token", ("token", ""))).IsPage(400);

        Assert.Contains("<details open", page.RowOf("team").Html, StringComparison.Ordinal);
        Assert.Contains("A token is required", page.RowOf("team").Between("-token-error\"", "</span>").Text, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"error\"", page.RowOf("other").Html, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"error\"", page.Between("id=\"register\"", "</section>").Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollOver_OfWhatIsGone_RegistersNothing()
    {
        (await _browser.PostAsync($"{Path}/gone/token", ("token", Canaries.New("anthropic-oauth")))).IsPage(404);

        Assert.Empty((await _host.Admin.GetAsync("subscriptions")).Items);
    }

    [Fact]
    public async Task Delete_AsksFirst_AndThenDeletes()
    {
        await PutAsync("team");
        var ask = (await _browser.GetAsync($"{Path}/team/delete")).IsPage(200);
        Assert.Contains("No agent works on it.", ask.Text, StringComparison.Ordinal);
        (await _host.Admin.GetAsync("subscriptions/team")).Is(200);

        var done = (await _browser.PostAsync($"{Path}/team/delete", ("version", ask.VersionFor($"{Path}/team/delete")))).Is(303);

        Assert.Contains("The subscription is deleted.", (await _browser.GetAsync(done.Location!)).IsPage(200).Text, StringComparison.Ordinal);
        (await _host.Admin.GetAsync("subscriptions/team")).IsProblem(404);
        Assert.Equal("grace subscription.delete team", (await AuditAsync())[^1]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("*")]
    [InlineData("1\", \"2")]
    public async Task Delete_DecidedOnSomethingElse_AsksAgain(string? version)
    {
        await PutAsync("team");
        await PutAsync("team");

        var page = (await _browser.PostAsync($"{Path}/team/delete", version is null ? [] : [("version", version)])).IsPage(412);

        Assert.Contains("It was changed by somebody else meanwhile.", page.Between("role=\"alert\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Equal("2", page.VersionFor($"{Path}/team/delete"));
        (await _host.Admin.GetAsync("subscriptions/team")).Is(200);
    }

    [Fact]
    public async Task HostileTexts_AreShownAsText()
    {
        var json = System.Text.Json.JsonSerializer.Serialize(Hostile);
        await PutAsync("team", $"\"type\": {json}, \"tier\": {json}");
        foreach (var path in (string[])[Path, $"{Path}?open={Uri.EscapeDataString(Hostile)}&done={Uri.EscapeDataString(Hostile)}&delivery={Uri.EscapeDataString(Hostile)}&rollout={Uri.EscapeDataString(Hostile)}"])
        {
            var page = (await _browser.GetAsync(path)).IsPage(200);

            Assert.DoesNotContain("<img", page.Html, StringComparison.Ordinal);
            Assert.Contains($" team {Hostile} {Hostile} ", page.RowOf("team").Text, StringComparison.Ordinal);
            Assert.DoesNotContain("role=\"status\"", page.Html, StringComparison.Ordinal); // of an address only known words count
        }
    }

    private async Task<string> PutAsync(string name, string? members = null)
    {
        var token = Canaries.New("anthropic-oauth");
        var reply = await _host.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{token}}"{{(members is null ? "" : $", {members}")}}}""");
        Assert.True((int)reply.Status is 200 or 201, reply.Text);
        return token;
    }

    private async Task<IReadOnlyList<string>> AuditAsync() => (await _host.Database.ScalarAsync<string[]>(
        "select coalesce(array_agg(actor || ' ' || action || ' ' || target order by at, id), '{}') from audit_events where target_type = 'subscription'"))!;
}
