using System.Text.RegularExpressions;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Tells from what a CLI says of its failure whether the provider refused for now, refuses the credential, or something else happened.</summary>
internal static partial class Refusals
{
    private const int FirstSignal = 128;
    private const int LastSignal = 128 + 64;

    /// <summary>Whether a signal ended the process; such an end never says anything of the credential.</summary>
    public static bool IsSignal(int exitCode) => exitCode is > FirstSignal and <= LastSignal;

    /// <summary>Why the process ended without saying.</summary>
    public static string Ending(int exitCode, string errors) => IsSignal(exitCode)
        ? $"The process was ended by signal {exitCode - FirstSignal}{(exitCode - FirstSignal == LinuxCalls.Kill ? " (perhaps it ran out of memory)" : "")}."
        : errors.Trim() is { Length: > 0 } said ? said : $"The process ended with exit code {exitCode}.";

    /// <param name="said">The CLI's own words on its failure, never a model's.</param>
    /// <param name="status">The provider's status, where the CLI tells it.</param>
    /// <param name="credential">The task's.</param>
    public static TaskOutcome Classify(string said, int? status, CredentialSnapshot credential)
    {
        // The bridge refuses the virtual key, or limits it: the token beside it has nothing to do with that.
        if (credential.VirtualKey is not null && (credential.Token ?? credential.ApiKey) is not null && said.Contains("virtual key", StringComparison.OrdinalIgnoreCase))
        {
            return TaskOutcome.Error;
        }

        return status switch
        {
            429 => TaskOutcome.RateLimited,
            401 or 402 or 403 => TaskOutcome.AuthFailed,
            not null => TaskOutcome.Error,
            _ when RateLimit().IsMatch(said) => TaskOutcome.RateLimited,
            _ when Authentication().IsMatch(said) => TaskOutcome.AuthFailed,
            _ => TaskOutcome.Error,
        };
    }

    [GeneratedRegex(@"\b429\b|usage limit|(session|weekly|hour) limit|rate.?limit|hit your limit|too many requests|quota exceeded|exceeded your (current )?quota", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex RateLimit();

    [GeneratedRegex(@"\b40[123]\b|credit balance|unauthorized|authenticat|invalid api key|forbidden|oauth|token (has )?expired|not logged in|please run /login", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Authentication();
}
