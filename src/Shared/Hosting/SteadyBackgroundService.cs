using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Trinity.Shared.Hosting;

/// <summary>A background service whose stop does not fail when something that listens to its stopping token throws: what comes after (withdraw the replica, stop the other services) must not depend on it.</summary>
/// <remarks>Npgsql listens to the token of every command, and throws <see cref="ObjectDisposedException"/> into the cancellation when the connection breaks at that moment. The command ends by itself then, with its connection.</remarks>
/// <param name="logger">The service's own.</param>
public abstract partial class SteadyBackgroundService(ILogger logger) : BackgroundService
{
    /// <summary>The service's own.</summary>
    protected ILogger Logger { get; } = logger;

    /// <summary>Cancels the loop and waits for its end, or for <paramref name="cancellationToken"/>. Does not throw for what listens to the stopping token.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await base.StopAsync(cancellationToken);
        }
        catch (AggregateException exception) // from the cancellation alone: the base class waits for the loop, and does not throw what that ended with
        {
            Log.StopDisturbed(Logger, GetType().Name, exception);
        }
    }

    /// <summary>Cancels the loop of a service that was never stopped, as when another one could not be started.</summary>
    public override void Dispose()
    {
        try
        {
            base.Dispose();
        }
        catch (AggregateException exception) // as above
        {
            Log.StopDisturbed(Logger, GetType().Name, exception);
        }

        GC.SuppressFinalize(this);
    }

    private static partial class Log
    {
        [LoggerMessage(SharedEventIds.StopDisturbed, LogLevel.Warning, "Something that {Service} was to stop threw when it was cancelled; the service stops all the same.")]
        public static partial void StopDisturbed(ILogger logger, string service, Exception exception);
    }
}
