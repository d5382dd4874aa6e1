using System.Collections.Frozen;
using Npgsql;
using Trinity.AiBridge.Configuration;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Limits;

/// <summary>How many tokens each budgeted virtual key has used today (UTC), over all replicas: read from the records every few seconds.</summary>
/// <remarks>
/// <c>_spent</c> is an immutable table, replaced as a whole by the refresh loop and read by requests, both volatile. Between two refreshes a key may overrun its budget
/// by what it starts in that time: limits of money are soft by a few seconds, never by a day.
/// </remarks>
internal sealed partial class TokenBudgets(NpgsqlDataSource database, ConfigProvider config, TimeProvider time, ILogger<TokenBudgets> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private volatile Day _spent = new(default, FrozenDictionary<Guid, long>.Empty);

    private sealed record Day(DateOnly Date, FrozenDictionary<Guid, long> Tokens);

    public long SpentToday(Guid virtualKeyId)
    {
        var day = _spent;
        return day.Date == Today() ? day.Tokens.GetValueOrDefault(virtualKeyId) : 0;
    }

    public TimeSpan UntilReset() => time.GetUtcNow().Date.AddDays(1) - time.GetUtcNow().UtcDateTime;

    /// <summary>One pass; does nothing while no key has a budget.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var keys = config.Current?.VirtualKeys.Values.Where(key => key.Limits.TokensPerDay is not null && key.RevokedAt is null).Select(key => key.Id).ToArray();
        if (keys is not { Length: > 0 })
        {
            return;
        }

        const string sql = """
            select i.virtual_key_id as id, sum(u.input + u.output + u.cache_read + u.cache_write)::bigint as tokens
            from interceptions i join token_usages u on u.interception_id = i.id
            where i.started_at >= $1 and i.virtual_key_id = any($2)
            group by i.virtual_key_id
            """;
        var today = Today();
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(today.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
        command.Parameters.AddWithValue(keys);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tokens = new Dictionary<Guid, long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            tokens.Add(reader.GetGuid(0), reader.GetInt64(1));
        }

        _spent = new Day(today, tokens.ToFrozenDictionary());
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Log.BudgetRefreshFailed(Logger, exception.GetType().Name); // the last known sums go on counting
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private DateOnly Today() => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private static partial class Log
    {
        [LoggerMessage(EventIds.BudgetRefreshFailed, LogLevel.Debug, "Token budgets could not be refreshed ({Reason}).")]
        public static partial void BudgetRefreshFailed(ILogger logger, string reason);
    }
}
