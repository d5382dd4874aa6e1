using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>What a provider has against a subscription.</summary>
internal enum FailureKind
{
    /// <summary>A limit is reached.</summary>
    RateLimit,

    /// <summary>The token is not accepted.</summary>
    Auth,
}

/// <summary>What makes a failure of a subscription, and what it is called. Everything that is not listed is none: a killed process, a refused model, a timeout.</summary>
internal static class FailureKinds
{
    public static FailureKind? Of(TaskOutcome outcome) => outcome switch
    {
        TaskOutcome.RateLimited => FailureKind.RateLimit,
        TaskOutcome.AuthFailed => FailureKind.Auth,
        _ => null,
    };

    /// <param name="status">A status that a bridge reported as a refusal.</param>
    public static FailureKind Of(int status) => status == StatusCodes.Status429TooManyRequests ? FailureKind.RateLimit : FailureKind.Auth;

    /// <summary>As the database, the API and metric labels write it.</summary>
    public static string NameOf(FailureKind kind) => kind == FailureKind.RateLimit ? "rate_limit" : "auth";

    public static FailureKind Parse(string name) => name == "rate_limit" ? FailureKind.RateLimit : FailureKind.Auth;

    /// <summary>For sentences.</summary>
    public static string Describe(FailureKind kind) => kind == FailureKind.RateLimit ? "reached its limit" : "was not accepted by the provider";
}
