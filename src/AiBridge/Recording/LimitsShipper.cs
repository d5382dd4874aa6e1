using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Recording;

/// <summary>Carries what was last heard of limits to Postgres: a busy credential's a few times a second, an idle one's not at all. What cannot be written waits, and only its latest.</summary>
/// <remarks><c>_ending</c> is set by the host when the web server has drained, and cuts the loop's pauses short; the other field is the loop's alone.</remarks>
internal sealed partial class LimitsShipper(LimitsObserver observer, ILimitsStore store, TimeProvider time, ILogger<LimitsShipper> logger) : SteadyBackgroundService(logger)
{
    /// <summary>Between two writes. Control planes promise to know within a second.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(5);

    public const int MaxBatch = 1000;

    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _failures;

    /// <summary>Writes once more what there is, for which Postgres gets <see cref="FlushDeadline"/>.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _ending.TrySetResult();
        observer.Complete();
        if (ExecuteTask is { } running)
        {
            try
            {
                await running.WaitAsync(FlushDeadline, time, CancellationToken.None); // not the host's: it has fired when requests had to be cut
            }
            catch (TimeoutException)
            {
                Log.Lost(Logger, observer.Count);
            }
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await observer.WaitAsync(stoppingToken))
        {
            var pause = await TryShipAsync(stoppingToken) ? Interval : RetryDelay();
            await _ending.Task.WaitAsync(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (observer.Count > 0)
            {
                observer.Signal(); // not written, or later than what was
            }
        }

        while (observer.Count > 0 && !await TryShipAsync(stoppingToken))
        {
            await Task.Delay(RetryDelay(), time, stoppingToken);
        }
    }

    // Every value is of our own making, so whatever Postgres says against a batch (it is away, the table is not there yet) can pass.
    private async Task<bool> TryShipAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var batch in observer.Pending().Chunk(MaxBatch))
            {
                await store.WriteAsync(batch, cancellationToken);
                observer.Written(batch);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (_failures++ == 0)
            {
                Log.NotWritten(Logger, exception.GetType().Name);
            }

            return false;
        }

        if (_failures > 0)
        {
            _failures = 0;
            Log.WrittenAgain(Logger);
        }

        return true;
    }

    private TimeSpan RetryDelay() => _failures < 5 ? Interval * (1 << _failures) : MaxRetryDelay;

    private static partial class Log
    {
        [LoggerMessage(EventIds.LimitsNotWritten, LogLevel.Warning, "Postgres does not take what replies say of limits ({Reason}); the latest of each credential is kept and tried again.")]
        public static partial void NotWritten(ILogger logger, string reason);

        [LoggerMessage(EventIds.LimitsWrittenAgain, LogLevel.Information, "Postgres takes what replies say of limits again.")]
        public static partial void WrittenAgain(ILogger logger);

        [LoggerMessage(EventIds.LimitsLostAtShutdown, LogLevel.Warning, "Shutdown with Postgres out of reach: what was last heard of the limits of {Count} credentials is lost.")]
        public static partial void Lost(ILogger logger, int count);
    }
}
