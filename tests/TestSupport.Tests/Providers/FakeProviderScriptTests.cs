using System.Net;
using System.Text;

namespace Trinity.TestSupport.Tests.Providers;

public sealed class FakeProviderScriptTests
{
    [Fact]
    public async Task ScriptedCall_Arrives_IsAnsweredAndRecorded()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("POST", "/v1/messages").WithKey("sk-1").WithHeader("x-test", "yes").WithBody("the model is m", json => json.GetProperty("model").ValueEquals("m"))
            .Reply(FakeReply.Json(201, """{"ok":true}""").WithHeader("request-id", "r-1"));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/messages?beta=true")
        {
            Content = new StringContent("""{"model":"m"}""", Encoding.UTF8, "application/json"),
            Headers = { { "Authorization", "Bearer sk-1" }, { "X-Test", "yes" } },
        };

        using var response = await client.SendAsync(message, Timeouts.Token);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("r-1", response.Headers.GetValues("request-id").Single());
        Assert.Equal("""{"ok":true}""", await response.Content.ReadAsStringAsync(Timeouts.Token));
        var request = Assert.Single(fake.Requests);
        Assert.Equal(("POST", "/v1/messages", "?beta=true", "sk-1"), (request.Method, request.Path, request.Query, request.BearerKey));
        Assert.Equal("""{"model":"m"}""", request.BodyText);
        await fake.VerifyAsync();
    }

    [Fact]
    public async Task UnscriptedCall_IsAnswered599_AndFailsVerification()
    {
        await using var fake = await FakeProvider.StartAsync(new FakeProviderOptions { VerifiesOnDispose = false });
        fake.Expect("GET", "/a").WithHeader("x-test", "yes").Times(1);
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        using var response = await client.GetAsync(new Uri("/a", UriKind.Relative), Timeouts.Token);

        Assert.Equal(599, (int)response.StatusCode);
        var failure = await Assert.ThrowsAsync<FakeProviderException>(() => fake.VerifyAsync());
        Assert.Contains("unscripted call #0 GET /a", failure.Message, StringComparison.Ordinal);
        Assert.Contains("not true that header x-test is 'yes'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("did not arrive: GET /a", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptedCall_DoesNotArrive_DisposeThrows()
    {
        var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/never");

        await Assert.ThrowsAsync<FakeProviderException>(async () => await fake.DisposeAsync());
    }

    [Fact]
    public async Task AssertionFailsBeforeDispose_BothAreTold()
    {
        var failure = await Assert.ThrowsAsync<FakeProviderException>(async () =>
        {
            await using var fake = await FakeProvider.StartAsync();
            fake.Expect("GET", "/never");
            Assert.Fail("the real reason");
        });

        Assert.Contains("did not arrive: GET /never", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the real reason", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpectationsOfOnePath_AreUsedInOrder()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/a", FakeReply.TooManyRequests(retryAfterSeconds: 7));
        fake.Expect("GET", "/a", FakeReply.Unauthorized());
        fake.Expect("GET", "/a", FakeReply.Redirect("http://127.0.0.1:1/b"));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        using var first = await client.GetAsync(new Uri("/a", UriKind.Relative), Timeouts.Token);
        using var second = await client.GetAsync(new Uri("/a", UriKind.Relative), Timeouts.Token);
        using var third = await client.GetAsync(new Uri("/a", UriKind.Relative), Timeouts.Token);

        Assert.Equal([429, 401, 307], [(int)first.StatusCode, (int)second.StatusCode, (int)third.StatusCode]);
        Assert.Equal(TimeSpan.FromSeconds(7), first.Headers.RetryAfter!.Delta);
        Assert.Equal("http://127.0.0.1:1/b", third.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Handler_AnswersWhatIsNotScripted_OverOneConnection()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Respond(FakeReply.Echo);
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        var body = await client.GetStringAsync(new Uri("/x%2Fy?q=1", UriKind.Relative), Timeouts.Token);
        await client.GetStringAsync(new Uri("/again", UriKind.Relative), Timeouts.Token);

        Assert.Contains("\"path\":\"/x%2Fy\"", body, StringComparison.Ordinal);
        Assert.Equal(1, fake.AcceptedConnections);
        Assert.Equal(fake.Requests[0].ConnectionId, fake.Requests[1].ConnectionId);
        client.Dispose();
        await fake.WhenOpenConnectionsAsync(0);
    }
}
