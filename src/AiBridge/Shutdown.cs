using Microsoft.Extensions.Options;

namespace Trinity.AiBridge;

/// <summary>The start of a graceful end: the replica turns unready, waits for load balancers to notice, and only then stops accepting. Requests in flight run on.</summary>
/// <remarks><c>_begun</c> is written once by the host and read by health checks, volatile.</remarks>
internal sealed partial class Shutdown(TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<Shutdown> logger) : IHostedLifecycleService
{
    private volatile bool _begun;

    public bool Begun => _begun;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _begun = true;
        Log.ShutdownBegun(logger, options.Value.ShutdownDelay.TotalSeconds, options.Value.ShutdownDeadline.TotalSeconds);
        await Task.Delay(options.Value.ShutdownDelay, time, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventIds.ShutdownBegun, LogLevel.Information, "Shutting down: unready for {Delay} s, then requests in flight have {Deadline} s to finish.")]
        public static partial void ShutdownBegun(ILogger logger, double delay, double deadline);
    }
}
