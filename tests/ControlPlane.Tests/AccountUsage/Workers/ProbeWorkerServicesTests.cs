using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

public sealed class ProbeWorkerServicesTests
{
    [Fact] // G-8, E-5: before the server begins to wait for its requests
    public async Task Host_Stopping_EndsTheWorkersFirst()
    {
        using var workers = new ScriptedWorkers();
        await using var services = Services(workers.Command);
        var prober = services.GetRequiredService<HomeProber>();
        await prober.ProbeAsync(workers.Home("a"), "one", Timeouts.Token);
        Assert.Single(workers.Living);

        await Assert.IsAssignableFrom<IHostedLifecycleService>(Assert.Single(services.GetServices<IHostedService>())).StoppingAsync(Timeouts.Token);

        Assert.Empty(workers.Living);
        Assert.Equal(0, prober.Processes);
    }

    [Fact]
    public async Task Options_FromTheConfiguration_AreValidated()
    {
        await using var services = Services(new WorkerCommand("/bin/true"), ("AccountUsage:MaxWorkers", "1"), ("AccountUsage:WorkersPerHome", "3"));

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<AccountUsageOptions>>().Value);

        Assert.Contains("MaxWorkers is 1", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    private static ServiceProvider Services(WorkerCommand command, params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build())
        .AddLogging().AddMetrics().AddOptions()
        .AddSingleton(TimeProvider.System)
        .AddProbeWorkers()
        .AddSingleton<IWorkerLauncher>(new WorkerLauncher(command, new WorkerEnvironment(WorkerSettings.Of(new(), new()), Environment.GetEnvironmentVariable)))
        .BuildServiceProvider();
}
