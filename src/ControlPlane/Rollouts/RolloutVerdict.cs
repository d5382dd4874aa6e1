using System.Globalization;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>What is said of a rollout, from what was read.</summary>
internal static class RolloutVerdict
{
    public static RolloutView Of(RolloutScope scope, IReadOnlyList<ReplicaReport> reports, AgentParts agents, IReadOnlyList<ConfiguredSecret> configured)
    {
        var row = scope.Row;
        var replicaViews = reports.Select(report => ViewOf(report, scope)).ToList();
        List<string> waitingFor =
        [
            .. replicaViews.SelectMany(replica => WaitingFor(replica, scope)),
            .. agents.Concerned.SelectMany(RolloutAgents.WaitingFor),
            .. agents.Holders.SelectMany(RolloutAgents.WaitingForHolder),
            .. ConfiguredSecret.WaitingFor(scope.Retired, configured),
        ];
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
            Replicas = replicaViews,
            Agents = agents.Concerned,
            InFlightOnOld = replicaViews.Sum(replica => replica.Draining ?? 0) + agents.Concerned.Concat(agents.Holders).Sum(agent => agent.RunningOnOld),
            SafeToRevoke = waitingFor.Count == 0,
            WaitingFor = waitingFor,
            RetiredKeys = [.. row.RetiredKeyIds.Zip(row.RetiredKeyHints, (id, hint) => new RetiredKeyView(id, hint))],
        };
    }

    private static RolloutReplicaView ViewOf(ReplicaReport report, RolloutScope scope)
    {
        var replica = report.Replica;
        var draining = report.Bridges?.Where(bridge => scope.KeyIds.Overlaps(bridge.KeyIds)).Sum(bridge => (long)bridge.Leases);
        return new(replica.Id, replica.Address, replica.Generation >= scope.Row.Generation, replica.Generation, draining, replica.State);
    }

    private static IEnumerable<string> WaitingFor(RolloutReplicaView replica, RolloutScope scope)
    {
        if (replica.State != Replicas.ReplicaRow.LiveState)
        {
            yield return $"Replica {replica.Address} ({replica.Id}) is lost and may still serve; wait for its return, or remove it with DELETE /api/v1/replicas/{replica.Id} once it is known to be gone.";
        }

        if (!replica.Applied)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Replica {replica.Address} serves generation {replica.Generation}, not yet {scope.Row.Generation}.");
        }
        else if (replica.Generation < scope.Generation)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Replica {replica.Address} serves generation {replica.Generation}, not yet {scope.Generation}, by which another rollout retires the same key, or one that cannot be told from it.");
        }

        if (replica.Draining is null)
        {
            yield return $"Replica {replica.Address} reports its draining requests in a form that this release does not know.";
        }
        else if (replica.Draining > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Replica {replica.Address} has {replica.Draining} requests in flight on a retired key.");
        }
    }
}
