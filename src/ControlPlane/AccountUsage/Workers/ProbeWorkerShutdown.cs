namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Ends the probe workers as the first thing of a shutdown: requests that wait for a probe are answered, and the server is not kept waiting for them.</summary>
internal sealed class ProbeWorkerShutdown(HomeProber prober) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken) => await prober.DisposeAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
