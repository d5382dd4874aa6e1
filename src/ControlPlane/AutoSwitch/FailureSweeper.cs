using Trinity.ControlPlane.Notifications;
using Trinity.ControlPlane.Timeline;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Forgets failures and refusals after a day, and what they led to after a quarter of a year.</summary>
internal sealed partial class FailureSweeper(
    FailureStore failures, RefusalStore refusals, TimelineStore timeline, NotificationStore notifications, TimeProvider time, ILogger<FailureSweeper> logger) : PeriodicService(TimeSpan.FromMinutes(10), time, logger)
{
    public static readonly TimeSpan Keep = TimeSpan.FromHours(24);
    public static readonly TimeSpan KeepExplanations = TimeSpan.FromDays(90);

    public async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        await failures.DeleteBeforeAsync(now - Keep, cancellationToken);
        await refusals.DeleteBeforeAsync(now - Keep, cancellationToken);
        await timeline.DeleteBeforeAsync(now - KeepExplanations, cancellationToken);
        await notifications.DeleteBeforeAsync(now - KeepExplanations, cancellationToken);
    }

    protected override Task DoOnceAsync(CancellationToken cancellationToken) => SweepOnceAsync(cancellationToken);

    protected override void Failed(Exception exception) => Log.Failed(Logger, exception.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.FailureSweepFailed, LogLevel.Warning, "Old failures of subscriptions could not be deleted ({Reason}); it is tried again.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
