using Dapper;
using Npgsql;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>SQL of what was last heard of subscriptions' limits.</summary>
internal sealed class HeadroomStore(NpgsqlDataSource database)
{
    /// <summary>Keeps the later of what is there and what was seen; nothing of a token that the subscription no longer has.</summary>
    public async Task ObserveAsync(Guid subscriptionId, string fingerprint, PlanLimits limits, string source, DateTimeOffset observedAt, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into subscription_headroom (subscription_id, fingerprint, five_hour_utilization, five_hour_resets_at, five_hour_status,
              seven_day_utilization, seven_day_resets_at, seven_day_status, status, resets_at, source, observed_at)
            select id, fingerprint, @fiveHourUtilization, @fiveHourResetsAt, @fiveHourStatus, @sevenDayUtilization, @sevenDayResetsAt, @sevenDayStatus, @Status, @ResetsAt, @source, @observedAt
            from subscriptions where id = @subscriptionId and fingerprint = @fingerprint
            on conflict (subscription_id) do update
            set fingerprint = excluded.fingerprint, five_hour_utilization = excluded.five_hour_utilization, five_hour_resets_at = excluded.five_hour_resets_at,
                five_hour_status = excluded.five_hour_status, seven_day_utilization = excluded.seven_day_utilization, seven_day_resets_at = excluded.seven_day_resets_at,
                seven_day_status = excluded.seven_day_status, status = excluded.status, resets_at = excluded.resets_at, source = excluded.source, observed_at = excluded.observed_at
            where subscription_headroom.observed_at < excluded.observed_at or subscription_headroom.fingerprint <> excluded.fingerprint
            """;
        var parameters = new
        {
            subscriptionId,
            fingerprint,
            fiveHourUtilization = limits.FiveHour?.Utilization,
            fiveHourResetsAt = limits.FiveHour?.ResetsAt,
            fiveHourStatus = limits.FiveHour?.Status,
            sevenDayUtilization = limits.SevenDay?.Utilization,
            sevenDayResetsAt = limits.SevenDay?.ResetsAt,
            sevenDayStatus = limits.SevenDay?.Status,
            limits.Status,
            limits.ResetsAt,
            source,
            observedAt,
        };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    public async Task<IReadOnlyDictionary<Guid, Headroom>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select subscription_id, fingerprint, five_hour_utilization, five_hour_resets_at, five_hour_status,
                   seven_day_utilization, seven_day_resets_at, seven_day_status, status, resets_at, observed_at
            from subscription_headroom
            """;
        var rows = await connection.QueryAsync<HeadroomRow>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.SubscriptionId, row => row.ToHeadroom());
    }

    private sealed record HeadroomRow
    {
        public required Guid SubscriptionId { get; init; }

        public required string Fingerprint { get; init; }

        public double? FiveHourUtilization { get; init; }

        public DateTime? FiveHourResetsAt { get; init; }

        public string? FiveHourStatus { get; init; }

        public double? SevenDayUtilization { get; init; }

        public DateTime? SevenDayResetsAt { get; init; }

        public string? SevenDayStatus { get; init; }

        public string? Status { get; init; }

        public DateTime? ResetsAt { get; init; }

        public required DateTime ObservedAt { get; init; }

        public Headroom ToHeadroom()
        {
            var limits = new PlanLimits
            {
                Status = Status,
                ResetsAt = ResetsAt?.ToOffset(),
                FiveHour = new PlanWindow { Utilization = FiveHourUtilization, ResetsAt = FiveHourResetsAt?.ToOffset(), Status = FiveHourStatus },
                SevenDay = new PlanWindow { Utilization = SevenDayUtilization, ResetsAt = SevenDayResetsAt?.ToOffset(), Status = SevenDayStatus },
            };
            return new Headroom(Fingerprint, limits, ObservedAt.ToOffset());
        }
    }
}

/// <summary>What was last heard of a subscription's limits.</summary>
/// <param name="Fingerprint">Of the token that it was said of.</param>
/// <param name="Limits">What was said.</param>
/// <param name="ObservedAt">When.</param>
internal sealed record Headroom(string Fingerprint, PlanLimits Limits, DateTimeOffset ObservedAt);
