using Microsoft.Extensions.Options;
using Trinity.ControlPlane.VirtualKeys;

namespace Trinity.ControlPlane.AccountUsage;

/// <summary>The rules for <see cref="AccountUsageOptions"/>, checked before anything starts.</summary>
internal sealed class AccountUsageOptionsValidator : IValidateOptions<AccountUsageOptions>
{
    private const int Most = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1); // beyond it timers fail, and nobody means it

    public ValidateOptionsResult Validate(string? name, AccountUsageOptions options)
    {
        var errors = new List<string>();
        CheckHomes(options, errors);
        CheckNumbers(options, errors);
        CheckTimes(options, errors);
        CheckAddress(nameof(options.CodexProvider), options.CodexProvider, errors);
        CheckAddress(nameof(options.OpenRouterProvider), options.OpenRouterProvider, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckHomes(AccountUsageOptions options, List<string> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (home, path) in options.NamedHomes())
        {
            if (home.Length == 0)
            {
                errors.Add($"AccountUsage:Homes has '{path}', which is no name=/path.");
                continue;
            }

            if (!VirtualKeyRules.IsName(home))
            {
                errors.Add($"AccountUsage:Homes has the name '{home}'; a name is 1 to 64 letters, digits and . _ @ -, and not like an id (a UUID).");
            }

            if (!names.Add(home))
            {
                errors.Add($"AccountUsage:Homes has the name '{home}' twice.");
            }

            if (!path.StartsWith('/'))
            {
                errors.Add($"AccountUsage:Homes has '{path}' for '{home}', which is no absolute path.");
            }
        }
    }

    private static void CheckNumbers(AccountUsageOptions options, List<string> errors)
    {
        foreach (var (option, value) in ((string, int)[])
        [
            (nameof(options.WorkersPerHome), options.WorkersPerHome),
            (nameof(options.MaxProbes), options.MaxProbes),
            (nameof(options.MaxProbesPerHome), options.MaxProbesPerHome),
            (nameof(options.MaxWorkers), options.MaxWorkers),
        ])
        {
            if (value is < 1 or > Most)
            {
                errors.Add($"AccountUsage:{option} is {value}; write a number from 1 to {Most}.");
            }
        }

        if (options.MaxProbes <= options.WorkersPerHome)
        {
            errors.Add($"AccountUsage:MaxProbes is {options.MaxProbes}; it must be more than WorkersPerHome ({options.WorkersPerHome}), or one home takes all.");
        }

        if (options.MaxProbesPerHome >= options.MaxProbes)
        {
            errors.Add($"AccountUsage:MaxProbesPerHome is {options.MaxProbesPerHome}; it must be less than MaxProbes ({options.MaxProbes}), or one home that hangs delays the others.");
        }

        if (options.MaxProbes > options.MaxWorkers)
        {
            errors.Add($"AccountUsage:MaxWorkers is {options.MaxWorkers}; it must be at least MaxProbes ({options.MaxProbes}): each probe needs a process.");
        }
    }

    private static void CheckTimes(AccountUsageOptions options, List<string> errors)
    {
        foreach (var (option, value, least, most) in ((string, TimeSpan, TimeSpan, TimeSpan)[])
        [
            (nameof(options.WorkerWait), options.WorkerWait, TimeSpan.Zero, Longest),
            (nameof(options.WorkerIdle), options.WorkerIdle, TimeSpan.FromSeconds(1), Longest),
            (nameof(options.ProbeTimeout), options.ProbeTimeout, TimeSpan.FromSeconds(1), Longest),
            (nameof(options.CacheFor), options.CacheFor, TimeSpan.Zero, Longest),
            (nameof(options.RefreshFloor), options.RefreshFloor, TimeSpan.Zero, Longest),
            (nameof(options.PaidRefresh), options.PaidRefresh, TimeSpan.Zero, TimeSpan.MaxValue),
            (nameof(options.HistoryFor), options.HistoryFor, TimeSpan.FromHours(1), TimeSpan.MaxValue),
        ])
        {
            if (value < least || value > most)
            {
                errors.Add($"AccountUsage:{option} is {value}; write a time of at least {least}{(most == TimeSpan.MaxValue ? "" : $" and at most {most}")}.");
            }
        }
    }

    private static void CheckAddress(string option, string value, List<string> errors)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.Query.Length > 0)
        {
            errors.Add($"AccountUsage:{option} is '{value}', which is no http:// or https:// address.");
        }
    }
}
