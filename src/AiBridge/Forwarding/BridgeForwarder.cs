using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Routing;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Step 5 of the request path: sends the request through YARP, to the next key when one is refused before the client saw a byte.</summary>
internal sealed partial class BridgeForwarder(
    IHttpForwarder forwarder,
    KeyPolicy keyPolicy,
    LimitsReporter limits,
    RefusalReporter refusals,
    BridgeMetrics metrics,
    TimeProvider time,
    IOptions<AiBridgeOptions> options,
    ILogger<BridgeForwarder> logger)
{
    private const string Byok = "byok";
    private const string Centralized = "centralized";
    private static readonly TimeSpan CutGrace = TimeSpan.FromSeconds(5); // for a client that takes its time to read the error event

    public ValueTask<ForwardOutcome> ForwardAsync(Exchange exchange) =>
        exchange.Bridge.Circuits is { } circuits && exchange.Route.Route.Bridged ? GuardedAsync(exchange, circuits) : SendAsync(exchange);

    private async ValueTask<ForwardOutcome> GuardedAsync(Exchange exchange, CircuitBreakers circuits)
    {
        using var pass = circuits.TryEnter(exchange.Route.Route.Pattern, exchange.Draft.Model ?? "", out var wait);
        return pass is null
            ? ForwardOutcome.Failed(new BridgeError(StatusCodes.Status503ServiceUnavailable, "circuit_open", $"AI provider \"{exchange.Bridge.Provider.Name}\" has failed too often of late; the circuit breaker is open.", wait))
            : await SendAsync(exchange with { Pass = pass });
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwardOutcome> SendAsync(Exchange exchange)
    {
        var headers = exchange.Context.Request.Headers;
        var keys = exchange.Bridge.Keys;
        RequestHeaders.Sanitize(headers, exchange.Caller.OwnCredential);
        foreach (var (name, value) in exchange.Bridge.Provider.Config.Settings.ExtraHeaders)
        {
            headers[name] = value;
        }

        if (exchange.Caller.OwnCredential)
        {
            exchange.Draft.CredentialKind = Byok;
            var own = RequestHeaders.OwnCredential(headers);
            exchange.Draft.KeyHint = SecretHint.Of(own);
            exchange.Draft.Credential = own.Length > 0 ? CredentialFingerprint.Of(own) : null;
            return await AttemptAsync(exchange, key: null, nextKey: 0) ?? ForwardOutcome.Completed;
        }

        if (keys.Count == 0)
        {
            return exchange.Bridge.Provider.Config.Type == ProviderTypes.OpenAiCompatible
                ? await AttemptAsync(exchange, key: null, nextKey: 0) ?? ForwardOutcome.Completed // local models need no credential
                : new ForwardOutcome(Outcome.Rejected, "no_provider_key", BridgeError.Unavailable(
                    "no_provider_key", $"AI provider \"{exchange.Bridge.Provider.Name}\" has no key; send your own credential with the virtual key in X-Trinity-Key, or have one configured."));
        }

        exchange.Draft.CredentialKind = Centralized;
        var index = 0;
        while (keys.Next(ref index, time.GetUtcNow()) is { } key)
        {
            exchange.Draft.KeyHint = key.Key.Hint;
            exchange.Draft.Credential = key.Credential;
            if (await AttemptAsync(exchange, key, index) is { } outcome)
            {
                return outcome;
            }
        }

        var exhausted = keys.Exhausted(time.GetUtcNow());
        metrics.KeysExhausted(exchange.Bridge.Provider.Name, exhausted.Code);
        return ForwardOutcome.Failed(exhausted);
    }

    /// <summary>One request to the upstream; null when another key is to be tried.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwardOutcome?> AttemptAsync(Exchange exchange, RingKey? key, int nextKey)
    {
        var (context, bridge, _, _, body, _, draft) = exchange;
        draft.Attempts++;
        using var cut = new CancellationTokenSource();
        var buffered = body is not null ? new BufferedBodyInvoker(bridge.Invoker, body, cut.Token) : null;
        var replyLimits = LimitsOf(bridge);
        using var replies = new ReplyFactory(exchange, replyLimits, time);
        await using var aborted = bridge.Aborted.UnsafeRegister(_ => Cut(cut, replies), null);
        var verdict = KeyVerdict.Relay;
        var transformer = new BridgeTransformer(
            exchange,
            key,
            decide: response => (verdict = Judge(exchange, key, nextKey, response)) == KeyVerdict.Relay,
            observe: replies.Observe);
        var error = await forwarder.SendAsync(context, bridge.BaseUrl, buffered ?? bridge.Invoker, RequestConfig(context, replyLimits), transformer, cut.Token);
        cut.Cancel(); // what is still being written of the request
        if (verdict != KeyVerdict.Relay)
        {
            context.Response.Clear(); // the refused reply's status
            return null;
        }

        if (key is null)
        {
            refusals.LookAtEnd(exchange);
        }

        var outcome = ForwardResult.Of(exchange, error, replies.Reply);
        if (outcome.Outcome == Outcome.ProviderError && buffered is not { WriteFailed: true } && ForwardResult.IsOfTheProvider(error, context))
        {
            exchange.Pass?.Unanswered(); // no news where it was told of the answer
        }

        if (outcome.Outcome != Outcome.ClientAbort && (error != ForwarderError.None || replies.Reply?.Broken is not null))
        {
            Log.UpstreamFailed(logger, draft.Id, bridge.Provider.Name, outcome.Code, Causes.Of(context.GetForwarderErrorFeature()?.Exception));
        }

        return outcome;
    }

    // Without a key of ours there is no other to try: the reply is the client's.
    private KeyVerdict Judge(Exchange exchange, RingKey? key, int nextKey, HttpResponseMessage response)
    {
        limits.Look(exchange, response);
        var verdict = KeyVerdict.Relay;
        if (key is null)
        {
            refusals.Look(exchange, response);
        }
        else
        {
            verdict = keyPolicy.Judge(response, exchange, key, nextKey);
        }

        if (verdict == KeyVerdict.Relay)
        {
            exchange.Pass?.Answered(response.StatusCode, hasCredential: key is not null || exchange.Caller.OwnCredential);
        }

        return verdict;
    }

    // An event stream ends itself in the vendor's words, for which its way to the client must stay open; anything else is cut here.
    private static void Cut(CancellationTokenSource cut, ReplyFactory replies)
    {
        if (replies.EndsItself)
        {
            cut.CancelAfter(CutGrace);
        }
        else
        {
            cut.Cancel();
        }
    }

    private ReplyLimits LimitsOf(Bridge bridge)
    {
        var settings = bridge.Provider.Config.Settings;
        var firstByte = settings.FirstByteTimeoutSeconds is { } first ? TimeSpan.FromSeconds(first) : options.Value.FirstByteTimeout;
        var idle = settings.IdleTimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Value.IdleTimeout;
        return new ReplyLimits(firstByte, idle < firstByte ? idle : firstByte, options.Value.PingInterval);
    }

    // YARP's own limit covers the wait for the reply's headers and a client that stops reading. Our limits on the stream itself fire before it.
    private static ForwarderRequestConfig RequestConfig(HttpContext context, ReplyLimits limits) => WebSocketUpgrade.IsAskedFor(context.Request)
        ? new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromHours(1), Version = System.Net.HttpVersion.Version11 }
        : new ForwarderRequestConfig { ActivityTimeout = limits.FirstByte + TimeSpan.FromSeconds(1) };

    private static partial class Log
    {
        [LoggerMessage(EventIds.UpstreamFailed, LogLevel.Warning, "Interception {Id}: the exchange with {Provider} failed: {Code} ({Causes}).")]
        public static partial void UpstreamFailed(ILogger logger, Guid id, string provider, string? code, string causes);
    }
}
