using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Forwarding;

/// <summary>All that forwarding needs of an admitted request.</summary>
/// <param name="Context">The client's side.</param>
/// <param name="Bridge">Leased by the caller for the duration.</param>
/// <param name="Route">Where to.</param>
/// <param name="Caller">Who asks.</param>
/// <param name="Body">Null when the request has none.</param>
/// <param name="UsageInserted">We asked for token usage in the client's name, so its extra chunk is ours.</param>
/// <param name="Draft">The exchange's record.</param>
internal sealed record Exchange(HttpContext Context, Bridge Bridge, ResolvedRoute Route, Caller Caller, RequestBody? Body, bool UsageInserted, InterceptionDraft Draft)
{
    /// <summary>Null where no circuit breaker is in the way.</summary>
    public CircuitPass? Pass { get; init; }
}
