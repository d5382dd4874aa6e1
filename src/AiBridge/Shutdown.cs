using Microsoft.Extensions.Options;
using Trinity.AiBridge.Bridges;

namespace Trinity.AiBridge;

/// <summary>
/// The start of a graceful end: the replica turns unready, waits for load balancers to notice, and only then stops accepting. Requests in flight run on until
/// their deadline; what still runs then is told so in the vendor's own words, and recorded, before the web server cuts its connection.
/// </summary>
/// <remarks><c>_begun</c> is written once by the host and read by health checks, volatile; <c>_deadline</c> belongs to the host, which starts and ends us in turn.</remarks>
internal sealed partial class Shutdown(CachedBridgePool pool, TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<Shutdown> logger) : IHostedLifecycleService, IDisposable
{
    /// <summary>How long the web server waits for requests that were told to end.</summary>
    public static readonly TimeSpan CutGrace = TimeSpan.FromSeconds(5);

    private volatile bool _begun;
    private ITimer? _deadline;

    public bool Begun => _begun;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _begun = true;
        Log.ShutdownBegun(logger, options.Value.ShutdownDelay.TotalSeconds, options.Value.ShutdownDeadline.TotalSeconds);
        await Task.Delay(options.Value.ShutdownDelay, time, cancellationToken);
        _deadline = time.CreateTimer(static shutdown => ((Shutdown)shutdown!).Cut(), this, options.Value.ShutdownDeadline, Timeout.InfiniteTimeSpan);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _deadline?.Dispose();

    private void Cut()
    {
        if (pool.AbortAll() is > 0 and var requests)
        {
            Log.ShutdownDeadlinePassed(logger, requests);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ShutdownBegun, LogLevel.Information, "Shutting down: unready for {Delay} s, then requests in flight have {Deadline} s to finish.")]
        public static partial void ShutdownBegun(ILogger logger, double delay, double deadline);

        [LoggerMessage(EventIds.ShutdownDeadlinePassed, LogLevel.Warning, "The shutdown deadline has passed: {Requests} requests are cut.")]
        public static partial void ShutdownDeadlinePassed(ILogger logger, int requests);
    }
}
