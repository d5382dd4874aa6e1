using Dapper;
using Npgsql;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Database;

namespace Trinity.ControlPlane.AccountUsage.Asking;

/// <summary>SQL of who asked about an account last: all control planes together keep to the floor, and none asks while the database cannot say.</summary>
internal sealed class ProbeClaims(NpgsqlDataSource database)
{
    /// <summary>Takes the turn unless somebody had it a moment ago, with the same credential.</summary>
    /// <returns>The time of the claim, which <see cref="FinishAsync"/> needs; null: it is too early.</returns>
    public async Task<DateTimeOffset?> TryClaimAsync(string account, string credential, TimeSpan floor, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into account_probes as p (account, credential, started_at) values (@account, @credential, clock_timestamp())
            on conflict (account) do update
            set credential = excluded.credential, started_at = excluded.started_at, verdict = null, problem = null, paid = case when p.credential = excluded.credential then p.paid end
            where p.credential <> excluded.credential or p.started_at <= excluded.started_at - @floor
            returning started_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var started = await connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(sql, new { account, credential, floor }, cancellationToken: cancellationToken));
        return started?.ToOffset();
    }

    /// <summary>Writes down what came of it, unless somebody has begun anew since.</summary>
    public async Task FinishAsync(string account, DateTimeOffset claim, UsageReply reply, CancellationToken cancellationToken)
    {
        const string sql = "update account_probes set verdict = @verdict, problem = @Problem, paid = @Paid where account = @account and started_at = @claim";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { account, claim, verdict = UsageVerdicts.NameOf(reply.Verdict), reply.Problem, reply.Paid };
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    public async Task<IReadOnlyDictionary<string, ProbeRow>> ListAsync(IReadOnlyCollection<string> accounts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<ProbeRow>(new CommandDefinition(
            "select account, credential, started_at, verdict, problem, paid from account_probes where account = any(@accounts)",
            new { accounts = accounts.ToArray() },
            cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.Account, StringComparer.Ordinal);
    }
}

/// <summary>A row of <c>account_probes</c>.</summary>
internal sealed record ProbeRow
{
    public required string Account { get; init; }

    public required string Credential { get; init; }

    public required DateTime StartedAt { get; init; }

    public string? Verdict { get; init; }

    public string? Problem { get; init; }

    public bool? Paid { get; init; }
}

internal static class UsageVerdicts
{
    /// <summary>As the database writes it.</summary>
    public static string NameOf(UsageVerdict verdict) => verdict switch
    {
        UsageVerdict.Known => "known",
        UsageVerdict.InvalidCredential => "invalid_credential",
        UsageVerdict.Unsupported => "unsupported",
        UsageVerdict.NoCredential => "no_credential",
        _ => "unavailable",
    };
}
