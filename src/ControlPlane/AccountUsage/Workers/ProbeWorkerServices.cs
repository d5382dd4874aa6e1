using Microsoft.Extensions.Options;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>The services of probing homes.</summary>
internal static class ProbeWorkerServices
{
    public static IServiceCollection AddProbeWorkers(this IServiceCollection services)
    {
        services.AddOptions<AccountUsageOptions>().BindConfiguration(AccountUsageOptions.Section);
        return services
            .AddSingleton<IValidateOptions<AccountUsageOptions>, AccountUsageOptionsValidator>()
            .AddSingleton<ProbeWorkerMetrics>()
            .AddSingleton<IWorkerLauncher>(provider => new WorkerLauncher(
                WorkerCommand.OfThisProgram(),
                new WorkerEnvironment(
                    WorkerSettings.Of(provider.GetRequiredService<IOptions<ControlPlaneOptions>>().Value, provider.GetRequiredService<IOptions<AccountUsageOptions>>().Value),
                    Environment.GetEnvironmentVariable)))
            .AddSingleton<HomeProber>().AddSingleton<IHomeProber>(provider => provider.GetRequiredService<HomeProber>())
            .AddHostedService<ProbeWorkerShutdown>();
    }
}
