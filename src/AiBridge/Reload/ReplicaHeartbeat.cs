using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>Reports at a steady beat and so reads the revision counter: a lost notification costs at most one beat.</summary>
internal sealed class ReplicaHeartbeat(ReplicaReporter reporter, LastGoodStore lastGood, TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<ReplicaHeartbeat> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan WithdrawDeadline = TimeSpan.FromSeconds(3);

    /// <summary>Called when the web server has drained.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var deadline = new CancellationTokenSource(WithdrawDeadline, time);
        await reporter.TryWithdrawAsync(deadline.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.HeartbeatInterval, time);
        do
        {
            await reporter.TryReportAsync(stoppingToken);
            lastGood.TryAgain();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
