using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Reads how an attempt ended off YARP's error, the reply's status and what was observed.</summary>
internal static class ForwardResult
{
    private static readonly BridgeError Idle = new(StatusCodes.Status504GatewayTimeout, "upstream_idle", "The provider was silent for too long in the middle of the reply.");

    private static readonly BridgeError Truncated = new(StatusCodes.Status502BadGateway, "upstream_truncated", "The provider's connection broke in the middle of the reply.");

    public static ForwardOutcome Of(Exchange exchange, ForwarderError error, Reply? reply) =>
        error == ForwarderError.None ? OfReply(exchange, reply) : OfError(exchange, error);

    /// <summary>Whether the connection failed, or its time ran out; a request that could not be written says nothing of the provider.</summary>
    public static bool IsOfTheProvider(ForwarderError error, HttpContext context) =>
        error == ForwarderError.RequestTimedOut || Exception(context) is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } or HttpRequestException { InnerException: not null };

    private static ForwardOutcome OfReply(Exchange exchange, Reply? reply)
    {
        var usage = exchange.Draft.Usage;
        var status = exchange.Context.Response.StatusCode;
        if (reply?.Broken is { } broken)
        {
            return new ForwardOutcome(broken.Code == "drain_deadline" ? Outcome.BridgeError : Outcome.ProviderError, broken.Code);
        }

        if (status >= StatusCodes.Status400BadRequest)
        {
            return new ForwardOutcome(Outcome.ProviderError, usage?.Error ?? $"http_{status}");
        }

        if (usage?.Error is { } inStream)
        {
            return new ForwardOutcome(Outcome.ProviderError, inStream);
        }

        return reply is { Observer.TooLong: false } && usage is { Finished: false }
            ? new ForwardOutcome(Outcome.ProviderError, "upstream_incomplete")
            : ForwardOutcome.Completed;
    }

    private static ForwardOutcome OfError(Exchange exchange, ForwarderError error)
    {
        // Before a look at the client: its connection, too, was cut because of this. A client that leaves is never told of so.
        if (error == ForwarderError.ResponseBodyDestination)
        {
            return ForwardOutcome.Failed(Exception(exchange.Context) is OperationCanceledException ? Idle : Truncated); // cancelled: by YARP's own limit
        }

        if (exchange.Context.RequestAborted.IsCancellationRequested)
        {
            return exchange.Draft.Usage is { Finished: true, Error: null } ? ForwardOutcome.Completed : ForwardOutcome.ClientAbort; // the reply was whole; how much of it the client still took, nobody knows
        }

        if (exchange.Bridge.Aborted.IsCancellationRequested)
        {
            return new ForwardOutcome(Outcome.BridgeError, "drain_deadline", BridgeError.Unavailable(
                "drain_deadline", "The request outlived the drain deadline: its provider's configuration changed, or the bridge is shutting down."));
        }

        return error switch
        {
            ForwarderError.RequestTimedOut => ForwardOutcome.Failed(new BridgeError(
                StatusCodes.Status504GatewayTimeout, "upstream_timeout", "The provider did not answer in time.")),
            ForwarderError.ResponseBodyCanceled => ForwardOutcome.Failed(Idle),
            ForwarderError.ResponseBodyClient or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient
                or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled => ForwardOutcome.ClientAbort,
            ForwarderError.UpgradeActivityTimeout => new ForwardOutcome(Outcome.ProviderError, "upstream_idle"),
            _ => ForwardOutcome.Failed(Unreachable(exchange.Context)),
        };
    }

    private static Exception? Exception(HttpContext context) => context.Features.Get<IForwarderErrorFeature>()?.Exception;

    private static BridgeError Unreachable(HttpContext context)
    {
        var cause = Exception(context) is HttpRequestException { HttpRequestError: var kind } ? kind : HttpRequestError.Unknown;
        var (code, what) = cause switch
        {
            HttpRequestError.NameResolutionError => ("upstream_unresolved", "The provider's host name could not be resolved."),
            HttpRequestError.ConnectionError => ("upstream_unreachable", "The provider could not be reached."),
            HttpRequestError.SecureConnectionError => ("upstream_tls", "The TLS connection to the provider failed."),
            HttpRequestError.ResponseEnded => ("upstream_reset", "The provider closed the connection without an answer."),
            HttpRequestError.InvalidResponse => ("upstream_invalid", "The provider's answer is not valid HTTP."),
            _ => ("upstream_failed", "The connection to the provider failed before it answered."),
        };
        return new BridgeError(StatusCodes.Status502BadGateway, code, what);
    }
}
