using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Starts a rollout when a change takes keys out of use: the record by which the fleet's progress is then judged.</summary>
internal sealed class RolloutRecorder(RolloutStore store, KeyFingerprints fingerprints, ProviderSecrets secrets, TimeProvider time)
{
    /// <summary>Call last in the transaction, when the revision is what the change leaves. Returns null when no key was retired.</summary>
    public async Task<Guid?> RecordAsync(
        WriteTransaction write, Guid providerId, string action, IReadOnlyList<ProviderKeyRow> retired, string actor, CancellationToken cancellationToken)
    {
        if (retired.Count == 0)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
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
            CreatedAt = now.UtcDateTime,
        };
        await store.InsertAsync(write.Connection, row, cancellationToken);
        return id;
    }
}
