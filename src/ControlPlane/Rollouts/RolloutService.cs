using System.Globalization;
using Npgsql;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Replicas;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Judges rollouts by what the replicas report.</summary>
/// <remarks>
/// Safe to revoke means all of: every replica we know of is live and serves the rollout's generation or a later one; none reports a
/// request on a retired key; every report could be read; no retired key is configured again; every agent concerned works with its new credential, and none
/// of its tasks with an older one (a stopped agent runs no task, and gets the new credential before its next). A lost replica blocks, because it may be
/// serving on the old key, until it returns or an operator removes it.
/// </remarks>
internal sealed class RolloutService(RolloutStore store, ReplicaStore replicas, KeyFingerprints fingerprints, ProviderSecrets secrets)
{
    public async Task<Outcome<RolloutView>> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, id, cancellationToken) is { } row
            ? (await JudgeAsync(connection, [row], cancellationToken))[0]
            : Problem.NotFound($"There is no rollout '{id}'.");
    }

    public async Task<Page<RolloutView>> ListAsync(Guid? after, string? provider, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var rows = await store.ListAsync(connection, after, provider, limit + 1, cancellationToken);
        return Page.Of(await JudgeAsync(connection, rows, cancellationToken), limit, view => view.Id);
    }

    private async Task<IReadOnlyList<RolloutView>> JudgeAsync(NpgsqlConnection connection, IReadOnlyList<RolloutRow> rows, CancellationToken cancellationToken)
    {
        var reports = (await replicas.ListAsync(connection, cancellationToken)).Select(replica => new Report(replica, DrainingBridge.Parse(replica.Draining))).ToList();
        var configured = new List<(string Fingerprint, ConfiguredKeyRow Key)>();
        foreach (var key in await store.ListConfiguredKeysAsync(connection, cancellationToken))
        {
            if (secrets.Reveal(key.Key) is { } secret)
            {
                configured.Add((KeyFingerprints.Of(secret), key));
            }
        }

        var agents = await store.ListAgentsAsync(connection, [.. rows.Select(row => row.Id)], cancellationToken);
        return [.. rows.Select(row =>
        {
            var retired = fingerprints.Read(row);
            return Judge(row, reports, [.. agents[row.Id]], [.. configured.Where(key => retired.Contains(key.Fingerprint, StringComparer.Ordinal)).Select(key => key.Key)]);
        })];
    }

    private static RolloutView Judge(RolloutRow row, IReadOnlyList<Report> reports, IReadOnlyList<RolloutAgentRow> agents, IReadOnlyList<ConfiguredKeyRow> configuredAgain)
    {
        var views = new List<RolloutReplicaView>();
        var waitingFor = new List<string>();
        long inFlight = 0;
        foreach (var (replica, bridges) in reports)
        {
            var applied = replica.Generation >= row.Generation;
            var draining = bridges?.Where(bridge => bridge.KeyIds.Intersect(row.RetiredKeyIds).Any()).Sum(bridge => (long)bridge.Leases);
            inFlight += draining ?? 0;
            views.Add(new(replica.Id, replica.Address, applied, replica.Generation, draining, replica.State));
            if (!replica.Live)
            {
                waitingFor.Add($"Replica {replica.Address} ({replica.Id}) is lost and may still serve; wait for its return, or remove it with DELETE /api/v1/replicas/{replica.Id} once it is known to be gone.");
            }

            if (!applied)
            {
                waitingFor.Add(string.Create(CultureInfo.InvariantCulture, $"Replica {replica.Address} serves generation {replica.Generation}, not yet {row.Generation}."));
            }

            if (draining is null)
            {
                waitingFor.Add($"Replica {replica.Address} reports its draining requests in a form that this release does not know.");
            }
            else if (draining > 0)
            {
                waitingFor.Add(string.Create(CultureInfo.InvariantCulture, $"Replica {replica.Address} has {draining} requests in flight on a retired key."));
            }
        }

        var agentViews = agents.Select(agent => RolloutAgents.ViewOf(agent, row.CreatedAt)).ToList();
        waitingFor.AddRange(agentViews.SelectMany(RolloutAgents.WaitingFor));
        inFlight += agentViews.Sum(agent => agent.RunningOnOld);
        waitingFor.AddRange(configuredAgain.Select(key => $"The same key is configured for provider '{key.Provider}' (key {key.Key.Id}, {key.Key.Hint})."));
        return new RolloutView
        {
            Id = row.Id,
            Subject = row.Subject ?? "",
            Provider = row.Provider,
            ProviderId = row.ProviderId,
            Action = row.Action,
            Generation = row.Generation,
            CreatedBy = row.CreatedBy,
            CreatedAt = row.CreatedAt,
            Replicas = views,
            Agents = agentViews,
            InFlightOnOld = inFlight,
            SafeToRevoke = waitingFor.Count == 0,
            WaitingFor = waitingFor,
            RetiredKeys = [.. row.RetiredKeyIds.Zip(row.RetiredKeyHints, (id, hint) => new RetiredKeyView(id, hint))],
        };
    }

    private sealed record Report(ReplicaRow Replica, IReadOnlyList<DrainingBridge>? Bridges);
}
