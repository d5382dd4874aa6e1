using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Authentication;

public sealed class OperatorAuthenticationTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Anonymous_ReachesTheNamedExceptionsOnly()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        foreach (var path in OperatorPolicies.AnonymousPaths)
        {
            (await host.Anonymous.GetAsync(path)).Is(200);
        }

        foreach (var path in (string[])["/", "/api/v1/providers", "/api/v1/audit", "/api/v1/nothing", "/nothing", "/api/v1/operator-tokens", "/openapi/v2.json"])
        {
            var reply = (await host.Anonymous.GetAsync(path)).IsProblem(401);
            Assert.StartsWith("Bearer", reply.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }

        (await host.Anonymous.PostAsync("providers", "{}")).IsProblem(401);
    }

    [Fact]
    public void Endpoints_OpenToAnybody_AreTheNamedExceptionsOnly()
    {
        var open = shared.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText?.TrimStart('/'));

        Assert.Equal(OperatorPolicies.AnonymousPaths.Order(StringComparer.Ordinal), open.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Bearer tro_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData("tro_0000")]
    public async Task WrongCredential_IsRefused(string header)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/providers");
        request.Headers.TryAddWithoutValidation("Authorization", header);

        var reply = (await shared.Host.Anonymous.SendAsync(request)).IsProblem(401);

        Assert.Contains("invalid_token", reply.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VirtualKey_IsNoOperatorToken()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var key = (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).At("key")!;
        Canaries.Plant("virtual-key", key);

        (await host.As(key).GetAsync("providers")).IsProblem(401);
    }

    [Fact]
    public async Task Viewer_ReadsEverythingButTokens_AndWritesNothing()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var token = (await host.Admin.PostAsync("operator-tokens", """{"name": "dashboard", "role": "viewer"}""")).Is(201).At("token")!;
        Canaries.Plant("operator-token", token);
        var viewer = host.As(token);
        var before = await host.RevisionAsync();

        foreach (var path in (string[])["providers", "providers/main", "rollouts", "virtual-keys", "replicas", "interceptions", "usage", "audit"])
        {
            (await viewer.GetAsync(path)).Is(200);
        }

        (await viewer.GetAsync("operator-tokens")).IsProblem(403);
        (await viewer.PostAsync("operator-tokens", """{"name": "me", "role": "admin"}""")).IsProblem(403);
        (await viewer.PostAsync("providers", """{"name": "x", "type": "openai"}""")).IsProblem(403);
        (await viewer.PatchAsync("providers/main", """{"enabled": false}""")).IsProblem(403);
        (await viewer.DeleteAsync("providers/main")).IsProblem(403);
        (await viewer.PostAsync("providers/main/rotate", """{"api_key": "sk-1"}""")).IsProblem(403);
        (await viewer.PostAsync("providers/main/test")).IsProblem(403);
        (await viewer.PostAsync("virtual-keys", """{"name": "x"}""")).IsProblem(403);
        (await viewer.DeleteAsync("virtual-keys/x")).IsProblem(403);
        (await viewer.DeleteAsync($"replicas/{Guid.CreateVersion7()}")).IsProblem(403);
        (await viewer.GetAsync("nothing")).IsProblem(404);
        Assert.Equal(before, await host.RevisionAsync());
    }

    [Fact]
    public async Task Database_Away_IsAClearAnswer_AndReadinessSaysSo()
    {
        await using var server = await PostgresServer.StartOwnAsync();
        await using var database = await PostgresDatabase.CreateOnAsync(server, ControlPlaneHost.MigrateAsync);
        await using var host = await ControlPlaneHost.StartAsync(database: database);
        (await host.Anonymous.GetAsync("/readyz")).Is(200);

        await server.StopAsync();

        (await host.Anonymous.GetAsync("/readyz")).IsProblem(503);
        (await host.Anonymous.GetAsync("/healthz")).Is(200);
        Assert.Equal("1", (await host.Admin.GetAsync("providers")).IsProblem(503).Header("Retry-After"));

        await server.StartAsync();
        (await host.Anonymous.GetAsync("/readyz")).Is(200);
        (await host.Admin.GetAsync("providers")).Is(200);
    }
}
