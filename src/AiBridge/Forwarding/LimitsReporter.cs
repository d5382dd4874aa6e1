using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Reads off every reply of a bridged route how far the limits of its credential are used up. A reply that does not say costs it a few look-ups.</summary>
/// <remarks>Booked to what this request carries, of its own or of a provider's keys: by the time the reply is here, its caller may work with another credential.</remarks>
internal sealed class LimitsReporter(LimitsObserver observer, TimeProvider time)
{
    public void Look(Exchange exchange, HttpResponseMessage response)
    {
        if (!exchange.Route.Route.Bridged)
        {
            return;
        }

        var now = time.GetUtcNow();
        if (exchange.Draft.Credential is { } credential && exchange.Bridge.Type.ReadLimits(response.Headers, now) is { } heard)
        {
            observer.Observe(new ObservedLimits { Credential = credential, Provider = exchange.Bridge.Provider.Name, Limits = heard.Limits, Detail = heard.Detail, ObservedAt = now });
        }
    }
}
