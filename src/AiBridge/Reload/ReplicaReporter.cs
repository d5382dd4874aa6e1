using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Reload;

/// <summary>Step (g) of the reload path: tells the control plane, in <c>bridge_replicas</c>, which generation this replica serves, what still drains, and which keys cool down.</summary>
/// <remarks>
/// <c>_oneAtATime</c> keeps a withdrawal and reports from overtaking each other. It guards the fields.
/// A row has one writer: whoever starts takes its id's row over; after that a report is taken only where the row bears this process's start. Whoever finds another's
/// has a double, of its data directory, and goes on under another id. No two clocks are compared. See docs/decisions/0007.
/// </remarks>
internal sealed partial class ReplicaReporter(
    NpgsqlDataSource database,
    ReplicaIdentity replica,
    ConfigProvider config,
    CachedBridgePool pool,
    KeyHealthRegistry keys,
    Convergence convergence,
    ReloadMetrics metrics,
    DiskThread disk,
    TimeProvider time,
    ILogger<ReplicaReporter> logger)
{
    // $9: this process has had the row.
    private const string Upsert = """
        insert into bridge_replicas as r (id, address, version, generation, applied_at, heartbeat_at, started_at, draining, errors, cooling)
        values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp(), $5, $6::jsonb, $7::jsonb, $8::jsonb)
        on conflict (id) do update set address = $2, version = $3, generation = $4, heartbeat_at = clock_timestamp(), started_at = $5, draining = $6::jsonb, errors = $7::jsonb, cooling = $8::jsonb,
          applied_at = case when r.generation = $4 and r.started_at = $5 then r.applied_at else clock_timestamp() end
        where not $9 or r.started_at = $5
        returning (select revision from config_revision) as revision, extract(epoch from clock_timestamp() - (select changed_at from config_revision))::float8 as age
        """;

    private const string Delete = "delete from bridge_replicas where id = $1 and (not $2 or started_at = $3)"; // not a double's row

    private const int MaxCooling = 1000; // of the keys that cool down longest

    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(3); // the next beat waits for its turn

    private readonly AsyncLock _oneAtATime = new();
    private long _reported = -1;
    private bool _failing;
    private bool _withdrawn;
    private bool _announced;
    private bool _hasRow;

    /// <summary>Puts the replica into the fleet before it serves a configuration for the first time: a rollout that did not know of it could call a key safe to revoke that it is about to use.</summary>
    /// <exception cref="NpgsqlException">Postgres does not take it.</exception>
    /// <exception cref="OperationCanceledException">Not within the time for a report.</exception>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        using var turn = await _oneAtATime.EnterAsync(cancellationToken);
        if (!_announced)
        {
            await ReportAsync(cancellationToken);
        }
    }

    /// <summary>Reports and compares with the database's revision. False when Postgres cannot be reached; that is logged once.</summary>
    public async Task<bool> TryReportAsync(CancellationToken cancellationToken)
    {
        using var turn = await _oneAtATime.EnterAsync(cancellationToken);
        try
        {
            if (!_withdrawn)
            {
                await ReportAsync(cancellationToken);
            }

            if (_failing)
            {
                _failing = false;
                Log.Recovered(logger);
            }

            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (!_failing)
            {
                _failing = true;
                Log.Failed(logger, exception.GetType().Name);
            }

            return false;
        }
    }

    /// <summary>Takes the replica out of the fleet, when it has stopped and nothing runs on it any more.</summary>
    public async Task TryWithdrawAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var turn = await _oneAtATime.EnterAsync(cancellationToken);
            _withdrawn = true; // a report that is still to come would put the row back
            await using var delete = database.CreateCommand(Delete);
            AddParameters(delete, [replica.Id, _hasRow, replica.StartedAt]);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception.GetType().Name); // the row stays and reads as lost; an operator may remove it
        }
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        // The generation first: the pool retires before it swaps, so what is in use of anything older is among the draining.
        var snapshot = config.Current;
        var draining = pool.Draining.Where(bridge => bridge.IsRetired && bridge.Leases > 0).Select(bridge => new DrainingBridge(
            bridge.Provider.Id, bridge.Key.Revision, [.. bridge.Provider.Config.Keys.Select(key => key.Id)], bridge.Leases, bridge.RetiredAt));
        var cooling = keys.Cooling(time.GetUtcNow(), MaxCooling).Select(key => new CoolingKey(key.KeyId, key.Cooldown.ReasonName, key.Cooldown.Until));
        using var limit = new Deadline(ReportLimit, time, cancellationToken);
        var (revision, age) = await WriteAsync(
            snapshot?.Generation ?? 0,
            JsonSerializer.Serialize([.. draining], ReportJson.Default.DrainingBridgeArray),
            JsonSerializer.Serialize([.. snapshot?.Problems ?? []], ReportJson.Default.ConfigProblemArray),
            JsonSerializer.Serialize([.. cooling], ReportJson.Default.CoolingKeyArray),
            limit.Token);
        _announced = true;
        if (snapshot is not null && revision == snapshot.Generation && _reported != revision)
        {
            // The first report of all is of a change that this process did not witness: its age says nothing of us.
            if (_reported >= 0)
            {
                metrics.Applied(TimeSpan.FromSeconds(age));
            }

            _reported = revision;
        }

        convergence.Saw(revision, snapshot?.Revision);
    }

    // The database's revision, and how many seconds old it is. At once under another id, when the row is somebody else's: both are to be counted.
    private async Task<(long Revision, double Age)> WriteAsync(long generation, string draining, string errors, string cooling, CancellationToken cancellationToken)
    {
        if (await UpsertAsync(generation, draining, errors, cooling, cancellationToken) is { } taken)
        {
            return taken;
        }

        var shared = replica.Id;
        replica.Renew();
        _hasRow = false;
        Log.IdShared(logger, shared, replica.Id);
        disk.Run(KeepId);
        return await UpsertAsync(generation, draining, errors, cooling, cancellationToken) ?? throw new InvalidOperationException("A row that nobody had before is not taken.");
    }

    // Null: another process writes the row.
    private async Task<(long Revision, double Age)?> UpsertAsync(long generation, string draining, string errors, string cooling, CancellationToken cancellationToken)
    {
        await using var upsert = database.CreateCommand(Upsert);
        AddParameters(upsert, [replica.Id, replica.Address, TrinityHosting.Version, generation, replica.StartedAt, draining, errors, cooling, _hasRow]);
        await using var reader = await upsert.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        _hasRow = true;
        return (reader.GetInt64(0), reader.GetDouble(1));
    }

    private void KeepId()
    {
        try
        {
            replica.Keep();
        }
        catch (Exception exception) // whatever it is, the disk's thread goes on
        {
            Log.IdNotKept(logger, exception.Message);
        }
    }

    private static void AddParameters(NpgsqlCommand command, ReadOnlySpan<object> values)
    {
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.HeartbeatFailed, LogLevel.Warning, "Postgres does not take this replica's report ({Reason}); traffic goes on with the live configuration.")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(EventIds.HeartbeatRecovered, LogLevel.Information, "Postgres takes this replica's reports again.")]
        public static partial void Recovered(ILogger logger);

        [LoggerMessage(EventIds.ReplicaIdShared, LogLevel.Error,
            "Another process reports as replica {Shared}: the data directory was copied from one that runs. This replica goes on as {Id}; give each a data directory of its own.")]
        public static partial void IdShared(ILogger logger, Guid shared, Guid id);

        [LoggerMessage(EventIds.ReplicaIdNotKept, LogLevel.Warning, "The replica's new id could not be kept ({Reason}); after a restart it has the old one again, and its row reads lost.")]
        public static partial void IdNotKept(ILogger logger, string reason);
    }
}

/// <summary>A retired bridge with requests on it, as rollouts read it.</summary>
internal sealed record DrainingBridge(Guid ProviderId, string Revision, IReadOnlyList<Guid> KeyIds, int Leases, DateTimeOffset Since);

/// <summary>A provider's key that is not used until then, and why: <c>rate_limited</c> or <c>unauthorized</c>.</summary>
internal sealed record CoolingKey(Guid KeyId, string Reason, DateTimeOffset Until);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DrainingBridge[]))]
[JsonSerializable(typeof(ConfigProblem[]))]
[JsonSerializable(typeof(CoolingKey[]))]
internal sealed partial class ReportJson : JsonSerializerContext;
