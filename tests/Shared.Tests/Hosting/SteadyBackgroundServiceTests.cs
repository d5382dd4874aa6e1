using Microsoft.Extensions.Logging;
using Trinity.Shared.Hosting;

namespace Trinity.Shared.Tests.Hosting;

public sealed class SteadyBackgroundServiceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StopAsync_AListenerOfTheTokenThrowsOrNot_LoopIsOverAndServiceFinishesItsWork(bool throws)
    {
        using var logs = new CapturedLogs();
        using var service = new Shipper(logs.CreateLogger("shipper"), throws);
        await service.StartAsync(Timeouts.Token);
        await service.Running.WaitAsync(Timeouts.Default);

        await service.StopAsync(Timeouts.Token);

        Assert.True(service.FinishedAfterTheLoop);
        var disturbed = logs.Of(SharedEventIds.StopDisturbed);
        Assert.Equal(throws ? 1 : 0, disturbed.Count);
        Assert.All(disturbed, log => Assert.IsType<ObjectDisposedException>(log.Exception?.InnerException));
    }

    [Fact]
    public async Task Dispose_NeverStoppedAndAListenerOfTheTokenThrows_DoesNot()
    {
        using var logs = new CapturedLogs();
        var service = new Shipper(logs.CreateLogger("shipper"), throws: true);
        await service.StartAsync(Timeouts.Token);
        await service.Running.WaitAsync(Timeouts.Default);

        service.Dispose();

        Assert.Single(logs.Of(SharedEventIds.StopDisturbed));
    }

    /// <summary>Waits for its token, as a command of Npgsql does, and has something to do after its loop.</summary>
    private sealed class Shipper(ILogger logger, bool throws) : SteadyBackgroundService(logger)
    {
        private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _loopIsOver;

        public Task Running => _running.Task;

        public bool FinishedAfterTheLoop { get; private set; }

        public override async Task StopAsync(CancellationToken cancellationToken)
        {
            await base.StopAsync(cancellationToken);
            FinishedAfterTheLoop = _loopIsOver;
        }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            _ = stoppingToken.UnsafeRegister(state => ObjectDisposedException.ThrowIf(throws, state!), this); // for good: nothing may take it back before it is called
            _running.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken);
            }
            finally
            {
                _loopIsOver = true;
            }
        }
    }
}
