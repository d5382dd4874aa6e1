using System.Net.Http.Headers;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>One bridge for all transcripts, in front of one provider that answers as they say.</summary>
public sealed class TranscriptBench : IAsyncLifetime
{
    internal TestBench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync([], startBridge: false);
        foreach (var dialect in TranscriptLibrary.Names.Select(name => TranscriptLibrary.Load(name).Dialect).DistinctBy(dialect => dialect.Provider))
        {
            await Bench.Config.AddProviderAsync(dialect.Provider, dialect.ProviderType, Bench.UpstreamUrl(dialect.ProviderType), [dialect.Key]);
        }

        await Bench.StartBridgeAsync();
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    /// <summary>Sends the transcript's request to the bridge, whose provider answers with its reply.</summary>
    internal Task<HttpResponseMessage> ExchangeAsync(TranscriptDialect dialect, TranscriptExchange exchange, string cut = "whole")
    {
        Bench.Upstream.Expect(exchange.Request.Method, exchange.Request.Target).Reply(exchange.Reply.Cut(cut));
        return Bench.SendAsync(Request(dialect, exchange.Request));
    }

    private HttpRequestMessage Request(TranscriptDialect dialect, TranscriptRequest request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), $"/{dialect.Provider}{request.Target}");
        if (request.Method == "POST")
        {
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        message.Headers.TryAddWithoutValidation(request.OwnCredential ? "X-Trinity-Key" : "Authorization", request.OwnCredential ? Bench.Token : $"Bearer {Bench.Token}");
        foreach (var (name, value) in request.Headers)
        {
            Assert.True(message.Headers.TryAddWithoutValidation(name, value), name);
        }

        return message;
    }
}
