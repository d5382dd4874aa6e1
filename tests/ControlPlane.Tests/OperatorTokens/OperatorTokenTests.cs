using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.OperatorTokens;

public sealed class OperatorTokenTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task FirstStart_WritesAnAdminToken_ForTheOwnerOnly()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var token = (await File.ReadAllTextAsync(host.TokenFile)).Trim();
        Canaries.Plant("operator-token", token);

        Assert.Matches("^tro_[0-9a-f]{64}$", token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.TokenFile));
        Assert.Contains(host.TokenFile, host.Logs.Of(ControlPlaneEventIds.OperatorTokenWritten).Single().Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(host.DataDirectory, "*.tmp"));
        (await host.As(token).GetAsync("operator-tokens")).Is(200);
        Assert.Equal(0, await host.Database.ScalarAsync<long>($"select count(*) from operator_tokens where hint like '%{token[10..20]}%'"));
    }

    [Fact]
    public async Task LaterStart_OrAnotherReplica_MakesNoSecondToken()
    {
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();

        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ControlPlaneHost.StartAsync(database: database)));
        await using var later = await ControlPlaneHost.StartAsync(database: database);

        Assert.Single(hosts, host => File.Exists(host.TokenFile));
        Assert.False(File.Exists(later.TokenFile));
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from operator_tokens"));
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Tokens_AreMadeShownOnceListedAndRevoked()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var made = (await host.Admin.PostAsync("operator-tokens", """{"name": "alice", "role": "admin"}""")).Is(201);
        var token = made.At("token")!;
        Canaries.Plant("operator-token", token);

        var listed = (await host.Admin.GetAsync("operator-tokens")).Is(200);
        Assert.Equal(["admin", "alice"], listed.Items.Select(item => item!["name"]!.GetValue<string>()));
        (await host.As(token).GetAsync("providers")).Is(200);
        (await host.Admin.PostAsync("operator-tokens", """{"name": "alice", "role": "viewer"}""")).IsProblem(409);
        (await host.Admin.DeleteAsync("operator-tokens/alice")).Is(204);
        (await host.As(token).GetAsync("providers")).IsProblem(401);
        (await host.Admin.DeleteAsync("operator-tokens/alice")).IsProblem(404);
        (await host.Admin.PostAsync("operator-tokens", """{"name": "alice", "role": "viewer"}""")).Is(201);
    }

    [Fact]
    public async Task LastAdmin_CannotBeRevoked_NotEvenByTwoAtOnce()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        (await host.Admin.PostAsync("operator-tokens", """{"name": "dashboard", "role": "viewer"}""")).Is(201);
        (await host.Admin.DeleteAsync("operator-tokens/admin")).IsProblem(409);
        var second = host.As((await host.Admin.PostAsync("operator-tokens", """{"name": "second", "role": "admin"}""")).Is(201).At("token")!);

        await Task.WhenAll(host.Admin.DeleteAsync("operator-tokens/second"), second.DeleteAsync("operator-tokens/admin"));

        Assert.Equal(1, await host.Database.ScalarAsync<long>("select count(*) from operator_tokens where role = 'admin' and revoked_at is null"));
    }

    [Theory]
    [InlineData("name", """{"role": "admin"}""")]
    [InlineData("name", """{"name": "a b", "role": "admin"}""")]
    [InlineData("name", """{"name": "01990000-0000-7000-8000-000000000001", "role": "admin"}""")]
    [InlineData("role", """{"name": "a"}""")]
    [InlineData("role", """{"name": "a", "role": "root"}""")]
    [InlineData("hash", """{"name": "a", "role": "viewer", "hash": ""}""")]
    public async Task Create_BadField_IsNamed(string field, string body) =>
        Assert.NotEmpty((await shared.Admin.PostAsync("operator-tokens", body)).IsProblem(400).ErrorsOf(field));
}
