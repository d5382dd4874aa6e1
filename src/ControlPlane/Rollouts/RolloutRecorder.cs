using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Starts a rollout when a change takes keys out of use: the record by which the fleet's progress is then judged.</summary>
internal sealed class RolloutRecorder(RolloutStore store, KeyFingerprints fingerprints, ProviderSecrets secrets, TimeProvider time)
{
    /// <summary>Call last in the transaction, when the revision is what the change leaves. Returns null when no key was retired and no agent is concerned.</summary>
    public async Task<Guid?> RecordAsync(
        WriteTransaction write, Guid providerId, string action, IReadOnlyList<ProviderKeyRow> retired, IReadOnlyList<AgentRow> agents, string actor, CancellationToken cancellationToken)
    {
        if (retired.Count == 0 && agents.Count == 0)
        {
            return null;
        }

        var id = Guid.CreateVersion7(time.GetUtcNow());
        var cipher = fingerprints.Protect(id, retired.Select(secrets.Reveal));
        var row = new RolloutRow
        {
            Id = id,
            ProviderId = providerId,
            Action = action,
            Generation = await write.RevisionAsync(cancellationToken),
            RetiredKeyIds = [.. retired.Select(key => key.Id)],
            RetiredKeyHints = [.. retired.Select(key => key.Hint)],
            FingerprintsCipher = cipher.Cipher,
            FingerprintsKeyId = cipher.KeyId,
            CreatedBy = actor,
        };
        await store.InsertAsync(write.Connection, row, cancellationToken);
        await store.InsertAgentsAsync(write.Connection, id, agents, cancellationToken);
        return id;
    }

    /// <summary>The same for what agents hold in their own hands: done once each of <paramref name="agents"/> works with the generation of its row, and no task with an older one.</summary>
    public async Task<Guid> RecordForAgentsAsync(
        WriteTransaction write, string subject, string action, IReadOnlyList<RetiredSecret> retired, IReadOnlyList<AgentRow> agents, string actor, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var cipher = retired.Any(secret => secret.Fingerprint is not null) ? fingerprints.Protect(id, retired.Select(secret => secret.Fingerprint)) : null;
        var row = new RolloutRow
        {
            Id = id,
            Subject = subject,
            Action = action,
            Generation = await write.RevisionAsync(cancellationToken),
            RetiredKeyIds = [.. retired.Select(secret => secret.KeyId)],
            RetiredKeyHints = [.. retired.Select(secret => secret.Hint)],
            FingerprintsCipher = cipher?.Cipher,
            FingerprintsKeyId = cipher?.KeyId,
            CreatedBy = actor,
        };
        await store.InsertAsync(write.Connection, row, cancellationToken);
        await store.InsertAgentsAsync(write.Connection, id, agents, cancellationToken);
        return id;
    }
}
