using System.Text.Json.Nodes;
using Trinity.ControlPlane.Database;

namespace Trinity.ControlPlane.Audit;

/// <summary>Writes down who changed what, inside the change's own transaction. Details hold masked values only.</summary>
internal sealed partial class AuditTrail(AuditStore store, TimeProvider time, ControlPlaneMetrics metrics, ILogger<AuditTrail> logger)
{
    public async Task RecordAsync(WriteTransaction write, AuditEntry entry, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await store.InsertAsync(write.Connection, Guid.CreateVersion7(now), now, entry, cancellationToken);
        write.AfterCommit(() =>
        {
            metrics.ChangeWritten(entry.Action);
            Log.ChangeWritten(logger, entry.Actor, entry.Action, entry.TargetType, entry.Target);
        });
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.ChangeWritten, LogLevel.Information, "Operator {Actor}: {Action} on {TargetType} {Target}.")]
        public static partial void ChangeWritten(ILogger logger, string actor, string action, string targetType, string target);
    }
}

/// <summary>One thing that an operator did.</summary>
internal sealed record AuditEntry(string Actor, string Action, string TargetType, string Target)
{
    public JsonObject Details { get; init; } = [];
}

/// <summary>Every action of the audit trail.</summary>
internal static class AuditActions
{
    public const string ProviderCreate = "provider.create";
    public const string ProviderUpdate = "provider.update";
    public const string ProviderDelete = "provider.delete";
    public const string ProviderRotate = "provider.rotate";
    public const string ProviderKeyAdd = "provider_key.add";
    public const string ProviderKeyRemove = "provider_key.remove";
    public const string VirtualKeyCreate = "virtual_key.create";
    public const string VirtualKeyUpdate = "virtual_key.update";
    public const string VirtualKeyRevoke = "virtual_key.revoke";
    public const string SubscriptionCreate = "subscription.create";
    public const string SubscriptionUpdate = "subscription.update";
    public const string SubscriptionRollOver = "subscription.roll_over";
    public const string SubscriptionDelete = "subscription.delete";
    public const string AgentCreate = "agent.create";
    public const string AgentUpdate = "agent.update";
    public const string AgentAssign = "agent.assign";
    public const string AgentRotateKey = "agent.rotate_key";
    public const string AgentStart = "agent.start";
    public const string AgentStop = "agent.stop";
    public const string AgentRecreate = "agent.recreate";
    public const string AgentDelete = "agent.delete";
    public const string FleetRestart = "fleet.restart";
    public const string OperatorTokenCreate = "operator_token.create";
    public const string OperatorTokenRevoke = "operator_token.revoke";
    public const string ReplicaRemove = "replica.remove";
    public const string SettingsUpdate = "settings.update";
    public const string EncryptionKeysRotate = "encryption_keys.rotate";
}
