using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Subscriptions;

public sealed class SubscriptionTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Put_New_IsStoredEncrypted_AndShownMasked()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var token = Canaries.New("anthropic-oauth");

        var created = (await host.Admin.PostAsync("subscriptions", $$"""{"name": "team", "token": "{{token}}", "type": "max", "tier": "20x"}""")).Is(201);

        Assert.Equal($"/api/v1/subscriptions/{created.At("id")}", created.Header("Location"));
        Assert.Equal("[]", created.At("warnings"));
        foreach (var read in new[] { created, (await host.Admin.GetAsync("subscriptions/team")).Is(200), (await host.Admin.GetAsync($"subscriptions/{created.At("id")}")).Is(200) })
        {
            Assert.Equal(
                ("team", "max", "20x", $"{token[..4]}...{token[^4..]}", CredentialFingerprint.Of(token), "1", "1"),
                (read.At("name"), read.At("type"), read.At("tier"), read.At("hint"), read.At("fingerprint"), read.At("token_generation"), read.At("version")));
            Assert.Null(read.Json["token"]);
        }

        Assert.Equal("team", Assert.Single((await host.Admin.GetAsync("subscriptions")).Items)!["name"]!.GetValue<string>());
        Canaries.AssertAbsentFrom(await host.Database.ScalarAsync<string>("select encode(token_cipher, 'escape') from subscriptions") ?? "", "the stored token");
        Assert.Contains("subscription.create team", Assert.Single(await host.AuditAsync(), line => line.StartsWith("subscription.", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_SameNameAndAnotherToken_IsARollover()
    {
        var name = SharedHost.NewName();
        var (first, second) = (Canaries.New("anthropic-oauth"), Canaries.New("anthropic-oauth"));
        var created = (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{first}}", "type": "max", "tier": "5x"}""")).Is(201);

        var rolled = (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{second}}", "tier": null}""")).Is(200);

        Assert.Equal(created.At("id"), rolled.At("id"));
        Assert.Equal((CredentialFingerprint.Of(second), "2", "2"), (rolled.At("fingerprint"), rolled.At("token_generation"), rolled.At("version")));
        Assert.Equal(("max", null), (rolled.At("type"), rolled.At("tier"))); // omitted stays, null clears
        Assert.Contains(await shared.Host.AuditAsync(), line => line.StartsWith($"subscription.roll_over {name} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Put_SameToken_IsNoRollover()
    {
        var name = SharedHost.NewName();
        var token = Canaries.New("anthropic-oauth");
        var body = $$"""{"name": "{{name}}", "token": "{{token}}"}""";
        (await shared.Admin.PostAsync("subscriptions", body)).Is(201);

        var again = (await shared.Admin.PostAsync("subscriptions", body)).Is(200);

        Assert.Equal(("1", "2"), (again.At("token_generation"), again.At("version")));
        Assert.Contains(await shared.Host.AuditAsync(), line => line.StartsWith($"subscription.update {name} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Put_ManyAtOnceUnderOneName_CountEveryToken()
    {
        var name = SharedHost.NewName();
        var tokens = Enumerable.Range(0, 12).Select(_ => Canaries.New("anthropic-oauth")).ToList();

        var replies = await Task.WhenAll(tokens.Select(token => shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{token}}"}""")));

        Assert.Single(replies, reply => (int)reply.Status == 201);
        Assert.Equal(Enumerable.Range(1, 12).Select(number => $"{number}"), replies.Select(reply => reply.At("token_generation")!).OrderBy(int.Parse));
        var stored = (await shared.Admin.GetAsync($"subscriptions/{name}")).Is(200);
        Assert.Equal(replies.Single(reply => reply.At("token_generation") == "12").At("fingerprint"), stored.At("fingerprint"));
    }

    [Fact]
    public async Task Put_TokenOfAnotherKind_IsAcceptedWithAWarning()
    {
        var reply = (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{SharedHost.NewName()}}", "token": "{{Canaries.New("anthropic-key")}}"}""")).Is(201);

        Assert.Contains("claude setup-token", reply.At("warnings[0]")!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", """{"token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("name", """{"name": "a/b", "token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("name", """{"name": "01990000-0000-7000-8000-000000000001", "token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("token", """{"name": "a"}""")]
    [InlineData("token", """{"name": "a", "token": ""}""")]
    [InlineData("token", """{"name": "a", "token": "sk-ant-oat01-01234 56789"}""")]
    [InlineData("token", """{"name": "a", "token": "sk-ant-oat01-0123456789\n"}""")]
    [InlineData("token", """{"name": "a", "token": 7}""")]
    [InlineData("type", """{"name": "a", "token": "sk-ant-oat01-0123456789", "type": ""}""")]
    [InlineData("tier", """{"name": "a", "token": "sk-ant-oat01-0123456789", "tier": 5}""")]
    [InlineData("owner", """{"name": "a", "token": "sk-ant-oat01-0123456789", "owner": "me"}""")]
    public async Task Put_BadField_IsNamed_AndNothingIsStored(string field, string body)
    {
        var before = await shared.Host.Database.ScalarAsync<long>("select count(*) from subscriptions");

        var problem = (await shared.Admin.PostAsync("subscriptions", body)).IsProblem(400);

        Assert.NotEmpty(problem.ErrorsOf(field));
        Assert.Equal(before, await shared.Host.Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task Delete_TakesTheTokenWithIt()
    {
        var name = SharedHost.NewName();
        (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);

        (await shared.Admin.DeleteAsync($"subscriptions/{name}", "\"7\"")).IsProblem(412);
        (await shared.Admin.DeleteAsync($"subscriptions/{name}", "\"1\"")).Is(204);

        (await shared.Admin.GetAsync($"subscriptions/{name}")).IsProblem(404);
        (await shared.Admin.DeleteAsync($"subscriptions/{name}")).IsProblem(404);
        Assert.Equal(0, await shared.Host.Database.ScalarAsync<long>($"select count(*) from subscriptions where name = '{name}'"));
    }

    [Fact]
    public async Task Viewer_ReadsAndChangesNothing()
    {
        var name = SharedHost.NewName();
        (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
        var viewer = shared.Host.As((await shared.Admin.PostAsync("operator-tokens", $$"""{"name": "{{SharedHost.NewName()}}", "role": "viewer"}""")).At("token")!);

        (await viewer.GetAsync($"subscriptions/{name}")).Is(200);
        (await viewer.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "sk-ant-oat01-0123456789"}""")).IsProblem(403);
        (await viewer.PostAsync("subscriptions/test", $$"""{"subscription": "{{name}}"}""")).IsProblem(403);
        (await viewer.DeleteAsync($"subscriptions/{name}")).IsProblem(403);
    }
}
