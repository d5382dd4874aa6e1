using System.Net;
using System.Text;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Upstream;

/// <summary>Providers speak TLS, and most of them HTTP/2 on it: many requests on one connection.</summary>
public sealed class TlsUpstreamTests : IDisposable
{
    private const int StreamsPerConnection = 100; // what Kestrel, the fake's server, allows
    private static readonly AnthropicMessage Message = AnthropicMessage.Saying("One two three four.");

    private readonly TestCertificate _certificate = TestCertificate.Create();

    [Theory]
    [InlineData(false, "HTTP/1.1")]
    [InlineData(true, "HTTP/2")]
    public async Task StreamsUnderRotations_ArriveWhole_EachOnTheKeyItBeganWith(bool http2, string protocol)
    {
        const int each = 30;
        await using var fleet = await StartAsync(http2);
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => Message.Streaming().GatedBy(gate));
        using var client = new Client(fleet);
        List<Task<(HttpStatusCode Status, string Body)>> streams = [];
        for (var rotation = 0; rotation < 3; rotation++)
        {
            if (rotation > 0)
            {
                await fleet.RotateAsync();
            }

            streams.AddRange(Enumerable.Range(0, each).Select(_ => client.AskAsync()));
            await fleet.Upstream.WhenReceivedAsync(streams.Count);
        }

        gate.Open();
        Assert.All(await Task.WhenAll(streams), reply => Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), reply));

        var requests = fleet.Upstream.Requests;
        Assert.All(requests, request => Assert.Equal(protocol, request.Protocol));
        Assert.Equal(
            Enumerable.Range(0, 3).Select(rotation => (Fleet.KeyOf(rotation), each)),
            requests.GroupBy(request => request.Key ?? "", (key, requests) => (key, requests.Count())).OrderBy(count => count.key, StringComparer.Ordinal));
        Assert.Equal(http2 ? 1 : requests.Count, requests.DistinctBy(request => request.ConnectionId).Count());
    }

    [Fact]
    public async Task MoreStreamsThanOneConnectionTakes_NoneWaitsForAnother()
    {
        await using var fleet = await StartAsync(http2: true);
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => Message.Streaming().GatedBy(gate));
        using var client = new Client(fleet);

        var streams = Enumerable.Range(0, StreamsPerConnection + 50).Select(_ => client.AskAsync()).ToList();
        await fleet.Upstream.WhenReceivedAsync(streams.Count); // all of them, while none has ended

        gate.Open();
        Assert.All(await Task.WhenAll(streams), reply => Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), reply));
    }

    [Fact]
    public async Task StreamIsReset_ItsClientIsTold_AndTheOthersOnItsConnectionGoOn()
    {
        await using var fleet = await StartAsync(http2: true);
        var gate = new FakeGate();
        fleet.Upstream.Respond(request => request.Header(Client.KindHeader) == "reset" ? Message.Streaming().TruncatedAfter(40) : Message.Streaming().GatedBy(gate));
        using var client = new Client(fleet);
        var other = client.AskAsync();
        await fleet.Upstream.WhenReceivedAsync();

        var reset = await client.AskAsync("reset");

        Assert.Equal(HttpStatusCode.OK, reset.Status);
        Assert.Contains("upstream_truncated", reset.Body, StringComparison.Ordinal);
        gate.Open();
        Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), await other);
        Assert.Single(fleet.Upstream.Requests.DistinctBy(request => request.ConnectionId));
    }

    [Fact]
    public async Task ClientLeaves_ItsStreamIsReset_AndTheOthersGoOn()
    {
        await using var fleet = await StartAsync(http2: true);
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => Message.Streaming().GatedBy(gate));
        using var client = new Client(fleet);
        var other = client.AskAsync();
        await fleet.Upstream.WhenReceivedAsync();
        using var leaving = new CancellationTokenSource();
        var left = client.OpenAsync(cancellationToken: leaving.Token);
        var request = await fleet.Upstream.WhenReceivedAsync(2);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await request.Aborted.WaitAsync(Timeouts.Token);
        gate.Open();
        Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), await other);
        await fleet.WhenRecordedAsync(1, "outcome = 'client_abort'");
    }

    // Some servers do so after every thousandth request.
    [Theory]
    [InlineData(100)]
    [InlineData(50_000)]
    [InlineData(1_000_000)]
    [InlineData(50_000, FirstWord.GoAway, false, true)]
    [InlineData(1_000_000, FirstWord.GoAway, true)]
    [InlineData(50_000, FirstWord.RefusedStream)]
    [InlineData(1_000_000, FirstWord.RefusedStream, true)]
    public async Task ServerHasNotLookedAtTheRequest_ItGoesOutAgainWhole(int bytes, FirstWord word = FirstWord.GoAway, bool halfway = false, bool chunked = false)
    {
        await using var front = RefusingFront.Start(_certificate.Certificate, word, halfway);
        await using var fleet = await StartAsync(front);
        fleet.Upstream.Respond(_ => Message.Streaming());
        var body = Body(bytes);

        using var reply = await AskAsync(fleet, body, chunked);

        Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
        Assert.Equal(body, Assert.Single(fleet.Upstream.Requests).BodyText);
        Assert.Equal(word == FirstWord.RefusedStream ? 2 : 1, front.Refused);
    }

    [Fact]
    public async Task ServerAnswersBeforeItHasTheBody_ItsAnswerIsRelayed()
    {
        await using var front = RefusingFront.Start(_certificate.Certificate, FirstWord.Answer, halfway: true);
        await using var fleet = await StartAsync(front);

        using var reply = await AskAsync(fleet, Body(1_000_000));

        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Equal(1, front.Refused);
        Assert.Empty(fleet.Upstream.Requests);
        await fleet.WhenRecordedAsync(1, "outcome = 'provider_error' and status = 400 and attempts = 1");
    }

    [Fact]
    public async Task CertificateThatNobodyTrusts_IsAnErrorOfTheProvider_AndNoKeyIsSent()
    {
        await using var fleet = await Fleet.StartAsync(1, upstream: Options(http2: true));
        using var client = new Client(fleet);

        var (status, body) = await client.AskAsync();

        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.Contains("\"type\":\"api_error\"", body, StringComparison.Ordinal);
        Assert.Empty(fleet.Upstream.Requests);
    }

    public void Dispose() => _certificate.Dispose();

    private static string Body(int bytes) => $$"""{"model":"claude-sonnet-4-5","messages":[],"padding":"{{new string('x', bytes)}}"}""";

    private static async Task<HttpResponseMessage> AskAsync(Fleet fleet, string body, bool chunked = false)
    {
        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request();
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.TransferEncodingChunked = chunked;
        return await client.SendAsync(request, Timeouts.Token);
    }

    private Task<Fleet> StartAsync(RefusingFront front) =>
        Fleet.StartAsync(1, upstream: Options(http2: true), upstreamPort: front.Before, settings: (TestCertificate.TrustVariable, _certificate.File));

    private Task<Fleet> StartAsync(bool http2) => Fleet.StartAsync(1, upstream: Options(http2), settings: (TestCertificate.TrustVariable, _certificate.File));

    private FakeProviderOptions Options(bool http2) => new() { Certificate = _certificate.Certificate, Http2 = http2 };
}
