using Dapper;
using Npgsql;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Settings;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Loads every subscription with what speaks for and against it. Nothing is asked of a provider here: an agent's lock is held.</summary>
internal sealed class CandidateLoader(SubscriptionStore subscriptions, FailureStore failures, LimitsStore limits, SettingsStore settings, AgentSecrets secrets)
{
    public async Task<IReadOnlyList<Candidate>> LoadAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rows = await subscriptions.ListAsync(connection, cancellationToken);
        var failed = (await failures.ListLastAsync(connection, now - SubscriptionHealth.SkipWindow, cancellationToken)).ToLookup(row => row.SubscriptionId);
        var heard = await limits.ListOfSubscriptionsAsync(connection, cancellationToken);
        var ceiling = (await settings.ReadAsync(connection, cancellationToken)).SoftCeilingPercent;
        var agents = await CountAgentsAsync(connection, cancellationToken);
        return [.. rows.Select(row => new Candidate
        {
            Id = row.Id,
            Name = row.Name,
            Fingerprint = row.Fingerprint,
            IsUsable = secrets.Token(row) is not null,
            Agents = agents.GetValueOrDefault(row.Id),
            Failures = [.. failed[row.Id].Select(failure => new RecentFailure(FailureKinds.Parse(failure.Kind), failure.Fingerprint, failure.OccurredAt.ToOffset(), failure.ResetsAt?.ToOffset(), failure.RetryAt?.ToOffset()))],
            Headroom = KnownLimits.Of(heard[row.Id]),
            SoftCeilingPercent = row.SoftCeilingPercent ?? ceiling,
            Row = row,
        })];
    }

    private static async Task<Dictionary<Guid, int>> CountAgentsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select subscription_id, count(*)::integer from agents
            where subscription_id is not null and desired_state = 'running' group by subscription_id
            """;
        var rows = await connection.QueryAsync<(Guid Id, int Agents)>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.Id, row => row.Agents);
    }
}
