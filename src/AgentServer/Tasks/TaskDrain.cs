using Microsoft.Extensions.Options;

namespace Trinity.AgentServer.Tasks;

/// <summary>Lets running tasks finish when the server stops. Its step comes before the listener closes, so that they can still be asked for.</summary>
internal sealed partial class TaskDrain(TaskTable table, BackgroundJobs jobs, TimeProvider time, IOptions<AgentServerOptions> options, ILogger<TaskDrain> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var empty = table.StopAsync(out var running);
        if (running > 0)
        {
            Log.Stopping(logger, running, options.Value.ShutdownDeadline);
        }

        try
        {
            await empty.WaitAsync(options.Value.ShutdownDeadline, time, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            Log.Cut(logger, table.CancelAll());
            await empty; // at most the grace
        }

        jobs.KillAll();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventIds.StoppingWithTasks, LogLevel.Information, "Stopping: {Running} tasks have up to {Deadline} to finish.")]
        public static partial void Stopping(ILogger logger, int running, TimeSpan deadline);

        [LoggerMessage(EventIds.TasksCut, LogLevel.Warning, "{Count} tasks did not finish in time and are cancelled.")]
        public static partial void Cut(ILogger logger, int count);
    }
}
