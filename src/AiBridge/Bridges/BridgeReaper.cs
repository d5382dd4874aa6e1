using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Bridges;

/// <summary>Looks after what no request triggers: unused bridges close, and a drain has an end.</summary>
internal sealed partial class BridgeReaper(CachedBridgePool pool, TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<BridgeReaper> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>One pass.</summary>
    public void ReapOnce()
    {
        pool.RemoveUnused();
        pool.AbortRetiredBefore(time.GetUtcNow() - options.Value.DrainDeadline);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                ReapOnce();
            }
            catch (Exception exception)
            {
                Log.SweepFailed(Logger, exception); // a defect; the next pass tries again
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.SweepFailed, LogLevel.Error, "A sweep over the bridges failed.")]
        public static partial void SweepFailed(ILogger logger, Exception exception);
    }
}
