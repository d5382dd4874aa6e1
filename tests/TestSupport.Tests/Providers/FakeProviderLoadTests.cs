using System.Text;

namespace Trinity.TestSupport.Tests.Providers;

public sealed class FakeProviderLoadTests
{
    [Fact]
    public async Task ManyPacedStreams_AreAllWhole_AndEveryConnectionIsCounted()
    {
        const int Streams = 200;
        var reply = AnthropicMessage.Saying("One two three four five six seven.").Streaming().PacedBy(TimeSpan.FromMilliseconds(5));
        await using var fake = await FakeProvider.StartAsync(new FakeProviderOptions { RecordsRequests = false });
        fake.Respond(_ => reply);
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        var bodies = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => PostAsync(client)));

        Assert.All(bodies, body => Assert.Equal(reply.BodyText(), body));
        Assert.Empty(fake.Requests);
        Assert.Equal(fake.AcceptedConnections, fake.OpenConnections);
        client.Dispose();
        await fake.WhenOpenConnectionsAsync(0);
    }

    private static async Task<string> PostAsync(HttpClient client)
    {
        using var content = new StringContent("""{"stream":true}""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/v1/messages", UriKind.Relative), content, Timeouts.Token);
        return await response.Content.ReadAsStringAsync(Timeouts.Token);
    }
}
