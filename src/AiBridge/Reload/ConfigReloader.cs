using Npgsql;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Limits;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>THE RELOAD PATH, from a change in Postgres to bridges that serve it. All that can fail comes first; then one swap that cannot.</summary>
/// <remarks><c>_oneAtATime</c> serialises reloads, so that an older read can never be applied after a newer one.</remarks>
internal sealed partial class ConfigReloader(
    ChangeSignal signal,
    SnapshotLoader loader,
    SnapshotBuilder builder,
    LastGoodStore lastGood,
    ConfigProvider config,
    CachedBridgePool pool,
    KeyHealthRegistry keyHealth,
    CallerLimiter limiter,
    ReplicaReporter reporter,
    ReplicaHeartbeat heartbeat,
    ReloadMetrics metrics,
    TimeProvider time,
    ILogger<ConfigReloader> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(250); // or the signals of a Postgres that answers, but cannot be loaded from, would make it a busy loop
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(10); // a database that accepts and then is silent must not stop us for longer

    private readonly AsyncLock _oneAtATime = new();

    /// <summary>One reload. False when it failed: the live snapshot stays, and the failure is logged and counted.</summary>
    public async Task<bool> ReloadAsync(CancellationToken cancellationToken)
    {
        using var turn = await _oneAtATime.EnterAsync(cancellationToken);
        try
        {
            metrics.Attempted(time.GetUtcNow());
            var started = time.GetTimestamp();
            if (config.Current is null)
            {
                await reporter.AnnounceAsync(cancellationToken);             // before the rows are read: from now on rollouts wait for us
            }

            var rows = await LoadAsync(cancellationToken);                   // (b)
            await ApplyAsync(rows, started);                                 // (c) - (f)
            metrics.Succeeded(time.GetUtcNow());
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            metrics.Failed();
            Log.ReloadFailed(Logger, exception.GetType().Name, (exception as PostgresException)?.MessageText ?? exception.Message);
            return false;
        }

        heartbeat.BeatNow();                                                 // (g) goes its own way: a report that Postgres does not take must not hold up the next change
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await ReloadAsync(stoppingToken))
        {
            await ServeLastGoodAsync(stoppingToken);
            signal.Raise();
        }

        var retry = FirstRetry;
        while (true)
        {
            await signal.WaitAsync(stoppingToken);                           // (a) raised by ChangeListener and ReplicaHeartbeat
            if (await ReloadAsync(stoppingToken))
            {
                retry = FirstRetry;
                continue;
            }

            await PauseAsync(retry, stoppingToken);
            retry = retry * 2 < MaxRetry ? retry * 2 : MaxRetry;
            signal.Raise();
        }
    }

    // It ends early on a signal: on a change, or when the heartbeat finds Postgres at a revision that is not served. Else a change after an outage, or of the rest of what is applied in part, would wait for it.
    private async Task PauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        var first = pause < MinPause ? pause : MinPause;
        await Task.Delay(first, time, stoppingToken);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(Task.Delay(pause - first, time, either.Token), signal.WaitAsync(either.Token));
        await either.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task<ConfigRows> LoadAsync(CancellationToken cancellationToken)
    {
        using var limit = new Deadline(LoadLimit, time, cancellationToken);
        return await loader.LoadAsync(limit.Token);
    }

    private async Task ApplyAsync(ConfigRows rows, long started)
    {
        var previous = config.Current;
        var snapshot = builder.Build(rows, previous);                        // (c)
        var changed = Changed(previous, snapshot);                           // (d)
        if (previous?.Revision == snapshot.Revision && previous.Generation == snapshot.Generation && changed == 0)
        {
            Log.Unchanged(Logger, snapshot.Generation);
        }
        else
        {
            await SwapAsync(rows, snapshot, changed, started);
        }

        if (!snapshot.IsWhole)
        {
            heartbeat.BeatNow();
            throw new IOException("The encryption keys cannot be read. What needs a new one stays as it was, everything else is applied.");
        }
    }

    private async Task SwapAsync(ConfigRows rows, ConfigSnapshot snapshot, int changed, long started)
    {
        await lastGood.WriteAsync(rows);                                     // before anybody can see it applied: what we report, at any beat, we also come back with
        var retired = pool.Reload(snapshot);                                 // (e); (f) goes on as requests end
        keyHealth.Keep(rows.ProviderKeys.Select(key => key.Id).ToHashSet());
        limiter.Keep(rows.VirtualKeys.Select(key => key.Id).ToHashSet());
        Log.Swapped(Logger, snapshot.Generation, snapshot.Providers.Count, snapshot.VirtualKeys.Count, changed, retired, time.GetElapsedTime(started).TotalMilliseconds);
    }

    private async Task ServeLastGoodAsync(CancellationToken cancellationToken)
    {
        using var turn = await _oneAtATime.EnterAsync(cancellationToken);
        try
        {
            if (config.Current is null && await lastGood.ReadAsync(cancellationToken) is { } rows)
            {
                pool.Reload(builder.Build(rows, null));
                Log.LastGoodServed(Logger, rows.Revision, rows.Providers.Count);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.LastGoodRefused(Logger, exception); // whatever is in that file, we start without it
        }
    }

    private static int Changed(ConfigSnapshot? previous, ConfigSnapshot next)
    {
        if (previous is null)
        {
            return next.Providers.Count;
        }

        var changed = next.Providers.Values.Count(provider => !ReferenceEquals(previous.Providers.GetValueOrDefault(provider.Name), provider));
        return changed + previous.Providers.Keys.Count(name => !next.Providers.ContainsKey(name));
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConfigSwapped, LogLevel.Information,
            "Config generation {Generation} is live: {Providers} providers, {VirtualKeys} virtual keys; {Changed} changed, {Retired} bridges retired, in {Milliseconds} ms.")]
        public static partial void Swapped(ILogger logger, long generation, int providers, int virtualKeys, int changed, int retired, double milliseconds);

        [LoggerMessage(EventIds.ConfigUnchanged, LogLevel.Debug, "Config generation {Generation} is live already.")]
        public static partial void Unchanged(ILogger logger, long generation);

        [LoggerMessage(EventIds.ReloadFailed, LogLevel.Warning, "The configuration could not be loaded ({Kind}: {Reason}); the live one stays, and loading is tried again.")]
        public static partial void ReloadFailed(ILogger logger, string kind, string reason);

        [LoggerMessage(EventIds.LastGoodRefused, LogLevel.Warning, "The last good config is no usable configuration; the replica stays unready until Postgres answers.")]
        public static partial void LastGoodRefused(ILogger logger, Exception exception);

        [LoggerMessage(EventIds.LastGoodServed, LogLevel.Warning, "Postgres is out of reach: serving the last good config, generation {Generation} with {Providers} providers, from disk.")]
        public static partial void LastGoodServed(ILogger logger, long generation, int providers);
    }
}
