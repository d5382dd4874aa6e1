using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Reports a reply that refuses the caller's own credential. Anything else costs it one comparison.</summary>
/// <remarks>The fingerprint is of what this request carries: by the time the reply is here, its caller may work with another credential.</remarks>
internal sealed class RefusalReporter(RefusalRecorder recorder, TimeProvider time)
{
    /// <summary>Refusals of routes that we only pass through say nothing of the credential: the vendor's telemetry refuses one that serves models.</summary>
    public void Look(Exchange exchange, HttpResponseMessage response)
    {
        var (_, bridge, route, caller, _, _, draft) = exchange;
        if (!caller.OwnCredential || draft.Credential is null || !route.Route.Bridged || !bridge.Type.RefusesCredential(response.StatusCode))
        {
            return;
        }

        var now = time.GetUtcNow();
        recorder.Record(new CredentialRefusal
        {
            Id = draft.Id,
            VirtualKeyId = caller.Key.Id,
            Fingerprint = draft.Credential!,
            Provider = bridge.Provider.Name,
            Status = (int)response.StatusCode,
            Limits = bridge.Type.ReadLimits(response.Headers, now)?.Limits,
            RetryAt = RetryAt(response, now),
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
