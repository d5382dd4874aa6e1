using Microsoft.Extensions.Logging.Abstractions;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>What a worker can ask, and with what: the one place where its environment becomes channels and logins.</summary>
internal static class WorkerChannels
{
    /// <param name="environment">The worker's own, made by <see cref="WorkerEnvironment"/>; of its variables none but those of the home's <c>.env</c> is a login.</param>
    public static UsageChannelSet Create(IReadOnlyDictionary<string, string> environment)
    {
        var settings = WorkerSettings.FromEnvironment(environment);
        var addresses = new UpstreamAddressPolicy(settings.AllowPrivateUpstreams);
        return UsageChannelSet.Create(settings.Providers, () => ProbeInvoker.Create(addresses), TimeProvider.System, NullLoggerFactory.Instance);
    }

    /// <summary>The credential that the home holds for a channel, as it is at the moment of the call.</summary>
    public static Func<string, HomeLogin> Logins(IReadOnlyDictionary<string, string> environment)
    {
        var (logins, home) = (new HomeLogins(TimeProvider.System), environment.GetValueOrDefault("HOME", "/"));
        return channel => logins.Read(home, channel, environment);
    }
}
