using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.AccountUsage.Accounts;

/// <summary>The homes on this machine, and what they are logged in to. A home's own processes ask; here is only looked what is there, and whether it changed.</summary>
/// <remarks><c>_versions</c> is thread-safe; of two that see a change at once one acts on it.</remarks>
internal sealed class HomeAccounts(HomeLogins logins, IHomeProber prober, UsageCache cache, IOptions<AccountUsageOptions> options)
{
    private readonly ConcurrentDictionary<string, string> _versions = new(StringComparer.Ordinal);

    public IReadOnlyList<HomeAccount> List()
    {
        var accounts = new List<HomeAccount>();
        foreach (var (name, home) in options.Value.NamedHomes())
        {
            Watch(home);
            var environment = HomeEnvironment.Read(home);
            foreach (var channel in logins.ChannelsOf(home))
            {
                accounts.Add(Of($"home:{name}:{channel}", home, channel, logins.Read(home, channel, environment)));
            }
        }

        return accounts;
    }

    private HomeAccount Of(string id, string home, string channel, HomeLogin login) => new()
    {
        Id = id,
        Channel = channel,
        Fingerprint = login.Fingerprint,
        Plan = login.Plan,
        Problem = login.Problem,
        Subjects = login.Credential is null
            ? []
            : [new UsageSubject { Account = id, Channel = channel, Credential = login.Fingerprint, IsInProcess = false, AskAsync = cancellationToken => AskAsync(home, channel, cancellationToken) }],
    };

    private async Task<(UsageReply, string)> AskAsync(string home, string channel, CancellationToken cancellationToken)
    {
        var reply = await prober.ProbeAsync(home, channel, cancellationToken);
        return (reply.Usage, reply.Credential ?? "");
    }

    // The two go different ways on purpose. Answers are forgotten for every home: who else has this login is not known, and asking again is cheap.
    // Processes are ended for this home alone: the others' know nothing of what changed here, and starting one costs more than a missing answer.
    private void Watch(string home)
    {
        var version = logins.VersionOf(home);
        var seen = _versions.GetOrAdd(home, version);
        if (version == seen || !_versions.TryUpdate(home, version, seen))
        {
            return;
        }

        foreach (var channel in logins.ChannelsOf(home))
        {
            cache.Invalidate(channel);
        }

        prober.Flush(home);
    }
}
