using System.Net;
using Trinity.AiBridge.Recording;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Reports a reply that refuses the caller's own credential, in its status or later in its stream. Anything else costs it one comparison.</summary>
/// <remarks>The fingerprint is of what this request carries: by the time the reply is here, its caller may work with another credential.</remarks>
internal sealed class RefusalReporter(RefusalRecorder recorder, TimeProvider time)
{
    /// <summary>Refusals of routes that we only pass through say nothing of the credential: the vendor's telemetry refuses one that serves models.</summary>
    public void Look(Exchange exchange, HttpResponseMessage response)
    {
        if (IsOfOwnCredential(exchange) && exchange.Bridge.Type.RefusesCredential(response.StatusCode))
        {
            var now = time.GetUtcNow();
            Report(exchange, response.StatusCode, now, exchange.Bridge.Type.ReadLimits(response.Headers, now)?.Limits, RetryAt(response, now));
        }
    }

    /// <summary>A stream that began well may still end in a refusal.</summary>
    public void LookAtEnd(Exchange exchange)
    {
        if (exchange is { Context.Response.StatusCode: < StatusCodes.Status400BadRequest, Draft.Usage.Error: { } error } && IsOfOwnCredential(exchange)
            && exchange.Bridge.Type.RefusalIn(error) is { } status)
        {
            Report(exchange, status, time.GetUtcNow(), limits: null, retryAt: null);
        }
    }

    private static bool IsOfOwnCredential(Exchange exchange) => exchange is { Caller.OwnCredential: true, Draft.Credential: not null, Route.Route.Bridged: true };

    private void Report(Exchange exchange, HttpStatusCode status, DateTimeOffset now, PlanLimits? limits, DateTimeOffset? retryAt)
    {
        var draft = exchange.Draft;
        recorder.Record(new CredentialRefusal
        {
            Id = draft.Id,
            VirtualKeyId = exchange.Caller.Key.Id,
            Fingerprint = draft.Credential!,
            Provider = exchange.Bridge.Provider.Name,
            Status = (int)status,
            Limits = limits,
            RetryAt = retryAt,
            RequestedAt = draft.StartedAt,
            RefusedAt = now,
        });
    }

    private static DateTimeOffset? RetryAt(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delay } => now + delay,
        { Date: { } date } => date,
        _ => null,
    };
}
