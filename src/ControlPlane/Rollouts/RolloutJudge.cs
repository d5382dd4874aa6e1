using Npgsql;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Replicas;
using Trinity.ControlPlane.Subscriptions;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Judges rollouts by what the replicas and agents report, and by what is configured.</summary>
/// <remarks>
/// Safe to revoke means all of: every replica we know of is live, and serves the rollout's generation or a later one; none reports a request on a retired key; every
/// report could be read; no retired key is configured again; every agent concerned works with its new credential, and none of its tasks with an older one, and so does
/// every other agent that was ever given a retired credential (a stopped agent runs no task, and gets the new credential before its next). Where another rollout retires
/// the same secret, under another key id, its generation and key ids count too. What cannot be compared counts as the same. A lost replica blocks, because it may be
/// serving on the old key, until it returns or an operator removes it.
/// </remarks>
internal sealed class RolloutJudge(RolloutStore store, ReplicaStore replicas, KeyFingerprints fingerprints, ProviderSecrets secrets, SubscriptionStore subscriptions)
{
    public async Task<IReadOnlyList<RolloutView>> JudgeAsync(NpgsqlConnection connection, IReadOnlyList<RolloutRow> rows, CancellationToken cancellationToken)
    {
        // Read in this order, a secret that is written back or retired meanwhile is missed by none of them: it is configured still, or in another rollout already.
        var reports = (await replicas.ListAsync(connection, cancellationToken)).Select(replica => new ReplicaReport(replica, DrainingBridge.Parse(replica.Draining))).ToList();
        var configured = await ListConfiguredAsync(connection, cancellationToken);
        var others = await ListOthersAsync(connection, reports, cancellationToken);
        var agents = await store.ListAgentsAsync(connection, [.. rows.Select(row => row.Id)], cancellationToken);
        var scopes = rows.Select(row => RolloutScope.Of(row, fingerprints.Read(row), others)).ToList();
        var holders = await ListHoldersAsync(connection, scopes, cancellationToken);
        return [.. scopes.Select(scope => RolloutVerdict.Of(scope, reports, AgentParts.Of(scope, [.. agents[scope.Row.Id]], holders), configured))];
    }

    private async Task<IReadOnlyList<ConfiguredSecret>> ListConfiguredAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
    [
        .. (await store.ListConfiguredKeysAsync(connection, cancellationToken)).Select(row => new ConfiguredSecret(
            $"provider '{row.Provider}' (key {row.Key.Id}, {row.Key.Hint})",
            FingerprintOf(row.Key))),
        .. (await subscriptions.ListAsync(connection, cancellationToken)).Select(row => new ConfiguredSecret($"subscription '{row.Name}' ({row.Hint})", row.Fingerprint)),
    ];

    private string? FingerprintOf(ProviderKeyRow key)
    {
        try
        {
            return secrets.Reveal(key) is { } secret ? CredentialFingerprint.Of(secret.Reveal()) : null;
        }
        catch (EncryptionKeysUnreadableException)
        {
            return null; // nobody can tell that it is another one, until the ring can be read again
        }
    }

    private async Task<IReadOnlyList<SecretHolder>> ListHoldersAsync(NpgsqlConnection connection, IReadOnlyList<RolloutScope> scopes, CancellationToken cancellationToken)
    {
        string[] retired = [.. scopes.SelectMany(scope => scope.Retired).Select(secret => secret.Fingerprint).OfType<string>().Distinct(StringComparer.Ordinal)];
        return retired.Length == 0 ? [] : await store.ListHoldersAsync(connection, retired, cancellationToken);
    }

    // The rest of them have nothing to say: every replica has applied them, and serves no request on what they retired. Lost replicas block anyway.
    private async Task<IReadOnlyList<(RolloutRow Row, IReadOnlyList<RetiredSecret> Retired)>> ListOthersAsync(NpgsqlConnection connection, IReadOnlyList<ReplicaReport> reports, CancellationToken cancellationToken)
    {
        // A replica without a configuration will read one that is newer than its row: it is behind none of them, and blocks by itself until it has.
        var appliedByAll = reports.Where(report => report.Replica is { Live: true, Generation: > 0 }).Select(report => report.Replica.Generation).DefaultIfEmpty(long.MaxValue).Min();
        Guid[] draining = [.. reports.SelectMany(report => report.Bridges ?? []).Where(bridge => bridge.Leases > 0).SelectMany(bridge => bridge.KeyIds).Distinct()];
        var rows = await store.ListUnfinishedAsync(connection, appliedByAll, draining, cancellationToken);
        return [.. rows.Select(row => (row, fingerprints.Read(row)))];
    }
}

/// <summary>A replica, and the retired bridges that it reports; null when that report cannot be read.</summary>
internal sealed record ReplicaReport(ReplicaRow Replica, IReadOnlyList<DrainingBridge>? Bridges);
