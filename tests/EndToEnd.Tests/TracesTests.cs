using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests;

/// <summary>Traces leave the programs that are shipped: one of them is compiled ahead of time.</summary>
public sealed class TracesTests(TracedServices services) : IClassFixture<TracedServices>
{
    [Fact]
    public async Task Request_ThroughTheBridge_IsExportedWithoutItsSecrets()
    {
        await using var upstream = await FakeProvider.StartAsync(new FakeProviderOptions { VerifiesOnDispose = false });
        upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        await services.ControlPlane.AddProviderAsync("traced", "anthropic", upstream.BaseUrl, Canaries.New("anthropic-key"));
        var virtualKey = await services.ControlPlane.AddVirtualKeyAsync("caller");
        Canaries.Plant("virtual-key", virtualKey);
        using var client = LoopbackHttp.CreateClient(services.BridgeUrl);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/traced/v1/messages")
        {
            Content = new StringContent("""{"model":"claude-traced","max_tokens":8,"messages":[]}""", Encoding.UTF8, "application/json"),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", virtualKey) },
        };

        using var reply = await client.SendAsync(request, Timeouts.Token);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        await Eventually.TrueAsync(() => Exports().Any(text => text.Contains("chat claude-traced", StringComparison.Ordinal)), "the bridge's span is exported");
        await Eventually.TrueAsync(() => Exports().Any(text => text.Contains("Trinity.ControlPlane", StringComparison.Ordinal)), "the control plane exports, too");
        var span = Exports().First(text => text.Contains("chat claude-traced", StringComparison.Ordinal));
        Assert.All(["Trinity.AiBridge", "gen_ai.request.model", "gen_ai.usage.input_tokens", "trinity.interception.id"], name => Assert.Contains(name, span, StringComparison.Ordinal));
        Assert.All(Exports(), text => Canaries.AssertAbsentFrom(text, "an export"));
    }

    // Protobuf, whose strings are as they are.
    private List<string> Exports() => [.. services.Collector.Requests.Where(request => request.Path == "/v1/traces").Select(request => Encoding.Latin1.GetString(request.Body.Span))];
}
