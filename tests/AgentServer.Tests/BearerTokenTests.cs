using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace Trinity.AgentServer.Tests;

public sealed class BearerTokenTests
{
    private const string Token = "agent-token-0123456789";

    [Theory]
    [InlineData($"Bearer {Token}")]
    [InlineData($"bearer {Token}")]
    public async Task Api_WithTheToken_Answers(string authorization)
    {
        await using var server = await RunningAgentServer.StartAsync(Token);
        using var response = await server.GetAsync("/api/info", authorization);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData($"Bearer {Token}x")]
    [InlineData("Bearer AGENT-TOKEN-0123456789")]
    [InlineData($"Basic {Token}")]
    [InlineData(Token)]
    public async Task Api_WithoutTheToken_Is401(string? authorization)
    {
        await using var server = await RunningAgentServer.StartAsync(Token);

        using var response = await server.GetAsync("/api/info", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain(Token, await response.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/api/")]
    [InlineData("/API/info")]
    [InlineData("/api/no-such-thing")]
    public async Task Api_EveryPath_AsksForTheToken(string path)
    {
        await using var server = await RunningAgentServer.StartAsync(Token);
        using var response = await server.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Health_StaysOpen()
    {
        await using var server = await RunningAgentServer.StartAsync(Token);
        using var response = await server.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/api/no-such-thing", 404)]
    [InlineData("/no-such-thing", 404)]
    [InlineData("/api/fails", 500)]
    public async Task Errors_AreProblemDetailsAndTellNoInternals(string path, int status)
    {
        await using var server = await RunningAgentServer.StartAsync(map: app => app.MapGet("/api/fails", string () => throw new InvalidOperationException("canary")));

        using var response = await server.GetAsync(path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var body = await response.Content.ReadAsStringAsync(Timeouts.Token);
        using var problem = JsonDocument.Parse(body);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.DoesNotContain("canary", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongMethod_Is405()
    {
        await using var server = await RunningAgentServer.StartAsync();
        using var response = await server.Client.PostAsync("/api/info", content: null, Timeouts.Token);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }
}
