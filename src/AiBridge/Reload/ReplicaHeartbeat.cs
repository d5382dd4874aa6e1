using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>Reports at a steady beat, and at once after a reload, and so reads the revision counter: a lost notification costs at most one beat.</summary>
internal sealed class ReplicaHeartbeat(ReplicaReporter reporter, LastGoodStore lastGood, TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<ReplicaHeartbeat> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan WithdrawDeadline = TimeSpan.FromSeconds(3);

    private readonly ChangeSignal _changed = new(); // what there is to report

    /// <summary>There is something new to report. Does not wait for it.</summary>
    public void BeatNow() => _changed.Raise();

    /// <summary>Called when the web server has drained.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var deadline = new Deadline(WithdrawDeadline, time);
        await reporter.TryWithdrawAsync(deadline.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.HeartbeatInterval, time);
        var (tick, changed) = (timer.WaitForNextTickAsync(stoppingToken).AsTask(), _changed.WaitAsync(stoppingToken));
        while (true)
        {
            await reporter.TryReportAsync(stoppingToken);
            lastGood.TryAgain();
            if (await Task.WhenAny(tick, changed) == tick)
            {
                await tick;
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            }
            else
            {
                await changed;
                changed = _changed.WaitAsync(stoppingToken);
            }
        }
    }
}
