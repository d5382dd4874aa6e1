using System.Text.Json;
using Dapper;
using Npgsql;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.History;

/// <summary>SQL of how accounts were used over time: of each account at most one entry a minute, and none that says what the last one said, for a quarter of an hour.</summary>
internal sealed class HistoryStore(NpgsqlDataSource database)
{
    private const string IsNews = """
        not exists (
          select from (select h.limits, h.at, h.credential from account_usage_history h where h.account = n.account order by h.at desc limit 1) last
          where last.at >= date_trunc('minute', n.at)
             or (last.limits = n.limits and last.credential = n.credential and last.at > n.at - interval '15 minutes'))
        """;

    public async Task AddAsync(string account, string credential, PlanLimits limits, DateTimeOffset at, CancellationToken cancellationToken)
    {
        const string sql = $"""
            insert into account_usage_history (account, credential, at, limits)
            select n.account, n.credential, date_trunc('minute', n.at), n.limits
            from (select @account as account, @credential as credential, @at as at, @limits::jsonb as limits) n
            where {IsNews}
            on conflict (account, at) do nothing
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, new { account, credential, at, limits = limits.ToJson() }, cancellationToken: cancellationToken));
    }

    /// <summary>Takes over what bridges heard of subscriptions and of providers' keys.</summary>
    public async Task<int> CollectAsync(CancellationToken cancellationToken)
    {
        const string sql = $"""
            insert into account_usage_history (account, credential, at, limits)
            select n.account, n.credential, date_trunc('minute', n.at), n.limits
            from (
              select 'subscription:' || s.id as account, l.credential, l.observed_at as at, l.limits
              from subscriptions s join account_limits l on l.credential = s.fingerprint and l.source = 'live'
              union all
              select l.credential, l.credential, l.observed_at, l.limits
              from ai_provider_keys k join account_limits l on l.credential = 'key:' || k.id and l.source = 'live') n
            where {IsNews}
            on conflict (account, at) do nothing
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }

    /// <summary>The entries of these accounts, oldest first; thinned to one in each step.</summary>
    public async Task<ILookup<string, HistoryEntry>> ListAsync(IReadOnlyCollection<string> accounts, DateTimeOffset since, TimeSpan step, CancellationToken cancellationToken)
    {
        const string sql = """
            select distinct on (account, date_bin(@step, at, 'epoch'), credential) account, credential, at, limits::text as limits
            from account_usage_history
            where account = any(@accounts) and at >= @since
            order by account, date_bin(@step, at, 'epoch'), credential, at desc
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(string Account, string Credential, DateTime At, string Limits)>(
            new CommandDefinition(sql, new { accounts = accounts.ToArray(), since, step }, cancellationToken: cancellationToken));
        return rows
            .Select(row => (row.Account, Entry: Parse(row.Limits) is { } limits ? new HistoryEntry(row.At.ToOffset(), row.Credential, limits) : null))
            .Where(pair => pair.Entry is not null)
            .OrderBy(pair => pair.Entry!.At)
            .ToLookup(pair => pair.Account, pair => pair.Entry!, StringComparer.Ordinal);
    }

    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from account_usage_history where at < @time", new { time }, cancellationToken: cancellationToken));
    }

    // An entry of a newer version of the program may be unreadable; it is left out.
    private static PlanLimits? Parse(string json)
    {
        try
        {
            return PlanLimits.FromJson(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>How an account stood at one moment.</summary>
internal sealed record HistoryEntry(DateTimeOffset At, string Credential, PlanLimits Limits);
