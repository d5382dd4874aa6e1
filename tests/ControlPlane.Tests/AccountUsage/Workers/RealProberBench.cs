using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>A prober as the control plane has it: real processes and the real clock.</summary>
internal sealed class RealProberBench : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public RealProberBench(WorkerCommand command, Action<AccountUsageOptions>? configure = null, WorkerSettings? settings = null)
    {
        var options = new AccountUsageOptions();
        configure?.Invoke(options);
        var environment = new WorkerEnvironment(settings ?? WorkerSettings.Of(new(), options), Environment.GetEnvironmentVariable);
        var metrics = new ProbeWorkerMetrics(_services.GetRequiredService<IMeterFactory>());
        Prober = new HomeProber(Options.Create(options), new WorkerLauncher(command, environment), metrics, TimeProvider.System, NullLogger<HomeProber>.Instance);
    }

    public HomeProber Prober { get; }

    public Task<ProbeReply> ProbeAsync(string home, string channel) => Prober.ProbeAsync(home, channel, Timeouts.Token);

    public async ValueTask DisposeAsync()
    {
        await Prober.DisposeAsync();
        await _services.DisposeAsync();
    }
}
