using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Forwarding;

/// <summary>How forwarding ended.</summary>
/// <param name="Outcome">For the record.</param>
/// <param name="Code">The error's code, for the record.</param>
/// <param name="Answer">What to tell the client, when it was not told by the provider.</param>
internal sealed record ForwardOutcome(Outcome Outcome, string? Code = null, BridgeError? Answer = null)
{
    public static readonly ForwardOutcome Completed = new(Outcome.Completed);

    public static readonly ForwardOutcome ClientAbort = new(Outcome.ClientAbort, "client_abort");

    public static ForwardOutcome Failed(BridgeError answer) => new(Outcome.ProviderError, answer.Code, answer);
}
