using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Http;

public sealed partial class HttpTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"name": "a", "name": "b"}""")]
    [InlineData("""{"name": "a"} trailing""")]
    public async Task Body_ThatIsNoJsonObject_IsAProblem(string body) => (await shared.Admin.PostAsync("providers", body)).IsProblem(400);

    [Fact]
    public async Task Body_MalformedAroundASecret_DoesNotRepeatIt()
    {
        var host = shared.Host;
        var secret = Canaries.New("openai-key");

        var reply = (await host.Admin.PostAsync("providers", $$"""{"api_keys": [{{secret}}]}""")).IsProblem(400);

        Assert.Contains("line 1, byte 15", reply.At("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TooLarge_Is413()
    {
        var host = shared.Host;
        var body = $$"""{"name": "{{new string('a', JsonBody.MaxBytes)}}"}""";

        (await host.Admin.PostAsync("providers", body)).IsProblem(413);
        var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/providers") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        chunked.Headers.TransferEncodingChunked = true;
        (await host.Admin.SendAsync(chunked)).IsProblem(413);
    }

    [Fact]
    public async Task Body_OfAnotherType_Is415()
    {
        var host = shared.Host;
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/providers") { Content = new StringContent("{}") };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");

        (await host.Admin.SendAsync(request)).IsProblem(415);
    }

    [Fact]
    public async Task UnknownPathAndMethod_AreProblems()
    {
        var host = shared.Host;

        (await host.Admin.GetAsync("nothing")).IsProblem(404);
        var reply = (await host.Admin.SendAsync(HttpMethod.Put, "providers", "{}")).IsProblem(405);
        Assert.Equal("GET, POST", reply.Header("Allow"));
    }

    [Fact]
    public async Task Reply_CarriesNoServerHeader_AndIsNotCached()
    {
        var host = shared.Host;

        var reply = (await host.Admin.GetAsync("providers")).Is(200);

        Assert.Null(reply.Header("Server"));
        Assert.Equal("nosniff", reply.Header("X-Content-Type-Options"));
        Assert.Equal("no-store", reply.Header("Cache-Control"));
    }

    [Fact]
    public async Task Metrics_CountWritesByAction()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Anonymous.GetAsync("/metrics"); // collecting starts with the first look
        await host.Admin.CreateProviderAsync("main");
        (await host.Admin.PatchAsync("providers/main?wait=applied", """{"enabled": false}""")).Is(200);

        var metrics = (await host.Anonymous.GetAsync("/metrics")).Is(200).Text;

        Assert.Matches(WritesMetric(), metrics);
        Assert.Matches(WaitMetric(), metrics);
    }

    // Meters are the process's, so other tests' writes count too.
    [GeneratedRegex("\ntrinity_control_writes_total\\{action=\"provider.create\"\\} [1-9]", RegexOptions.None, 1000)]
    private static partial Regex WritesMetric();

    [GeneratedRegex("\ntrinity_control_apply_wait_seconds_count\\{complete=\"True\"\\} [1-9]", RegexOptions.None, 1000)]
    private static partial Regex WaitMetric();
}
