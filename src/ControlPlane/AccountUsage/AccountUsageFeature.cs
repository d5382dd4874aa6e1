using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Accounts;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.AccountUsage;

/// <summary>The services of account usage.</summary>
internal static class AccountUsageFeature
{
    public static IServiceCollection AddAccountUsage(this IServiceCollection services)
    {
        return services
            .AddProbeWorkers()
            .AddSingleton<AccountUsageMetrics>()
            .AddSingleton(CreateChannels).AddSingleton<HomeLogins>()
            .AddSingleton<LimitsStore>().AddSingleton<ProbeClaims>().AddSingleton<HistoryStore>().AddSingleton<CoolingStore>()
            .AddSingleton(provider => new UsageCache(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<AccountUsageOptions>>().Value.CacheFor))
            .AddSingleton<UsageAsker>().AddSingleton<AccountSource>().AddSingleton<HomeAccounts>().AddSingleton<AccountUsageService>()
            .AddSingleton<HistoryKeeper>().AddHostedService(provider => provider.GetRequiredService<HistoryKeeper>());
    }

    private static UsageChannelSet CreateChannels(IServiceProvider services)
    {
        var providers = UsageProviders.Of(services.GetRequiredService<IOptions<ControlPlaneOptions>>().Value, services.GetRequiredService<IOptions<AccountUsageOptions>>().Value);
        var addresses = services.GetRequiredService<UpstreamAddressPolicy>();
        return UsageChannelSet.Create(providers, () => ProbeInvoker.Create(addresses), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>());
    }
}
