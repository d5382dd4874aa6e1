using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Settings;

/// <summary>The rules of settings. A change is one transaction with its audit entry; who acts on a setting reads it each time.</summary>
internal sealed class SettingsService(SettingsStore store, AuditTrail trail, WriteTransactions writes, TimeProvider time)
{
    public Task<OperatorSettings> GetAsync(CancellationToken cancellationToken) => store.ReadAsync(cancellationToken);

    public async Task<Outcome<OperatorSettings>> UpdateAsync(UpdateSettingsRequest request, string actor, CancellationToken cancellationToken)
    {
        if (request.Errors.Count > 0)
        {
            return Problem.Invalid(request.Errors);
        }

        await using var write = await writes.BeginAsync(cancellationToken);
        var details = new JsonObject();
        foreach (var (key, value) in request.Changes())
        {
            details[key] = value?.DeepClone();
            await (value is not null ? store.SetAsync(write.Connection, key, value, time.GetUtcNow(), cancellationToken) : store.ResetAsync(write.Connection, key, cancellationToken));
        }

        await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.SettingsUpdate, "settings", "settings") { Details = details }, cancellationToken);
        var settings = await store.ReadAsync(write.Connection, cancellationToken);
        await write.CommitAsync(cancellationToken);
        return settings;
    }
}
