using System.Net.Http.Headers;
using System.Text;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Http;

public sealed class HttpTests(SharedHost shared) : IClassFixture<SharedHost>
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

        var whole = new HttpRequestMessage(HttpMethod.Post, "/api/v1/providers") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        whole.Headers.ExpectContinue = true; // or the server would close the connection while we still send
        (await host.Admin.SendAsync(whole)).IsProblem(413);
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
}
