using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Limits;

namespace Trinity.ControlPlane.AccountUsage.History;

/// <summary>Every minute takes over what bridges heard into the history, and forgets what is old.</summary>
internal sealed partial class HistoryKeeper(HistoryStore history, LimitsStore limits, IOptions<AccountUsageOptions> options, TimeProvider time, ILogger<HistoryKeeper> logger)
    : PeriodicService(TimeSpan.FromMinutes(1), time, logger)
{
    public async Task KeepOnceAsync(CancellationToken cancellationToken)
    {
        await history.CollectAsync(cancellationToken);
        var oldest = Time.GetUtcNow() - options.Value.HistoryFor;
        await history.DeleteBeforeAsync(oldest, cancellationToken);
        await limits.DeleteBeforeAsync(oldest, cancellationToken);
    }

    protected override Task DoOnceAsync(CancellationToken cancellationToken) => KeepOnceAsync(cancellationToken);

    protected override void Failed(Exception exception) => Log.Failed(Logger, exception.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.UsageHistoryNotKept, LogLevel.Warning, "The history of account usage could not be written ({Reason}); it is tried again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
