using System.Text.Json;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>The audit entries of provider changes: what changed from what to what, and one entry per key, all masked.</summary>
internal sealed class ProviderAudit(AuditTrail trail)
{
    public async Task CreatedAsync(WriteTransaction write, string actor, ProviderRow row, ProviderSettings settings, IReadOnlyList<ProviderKeyRow> keys, CancellationToken cancellationToken)
    {
        var details = new JsonObject
        {
            ["id"] = row.Id,
            ["type"] = row.Type,
            ["display_name"] = row.DisplayName,
            ["base_url"] = row.BaseUrl,
            ["enabled"] = row.Enabled,
            ["settings"] = row.SettingsCipher is null ? null : Masked(settings),
        };
        await trail.RecordAsync(write, Entry(actor, AuditActions.ProviderCreate, row, details), cancellationToken);
        await KeysChangedAsync(write, actor, row, keys, [], cancellationToken);
    }

    public Task UpdatedAsync(
        WriteTransaction write, string actor, ProviderRow before, ProviderRow after, ProviderSettings settingsBefore, ProviderSettings settingsAfter, CancellationToken cancellationToken)
    {
        var changes = new JsonObject();
        Compare(changes, "display_name", before.DisplayName, after.DisplayName);
        Compare(changes, "base_url", before.BaseUrl, after.BaseUrl);
        Compare(changes, "enabled", before.Enabled, after.Enabled);
        if (settingsBefore.ToJson() != settingsAfter.ToJson() || (before.SettingsCipher is null) != (after.SettingsCipher is null))
        {
            changes["settings"] = new JsonObject
            {
                ["from"] = before.SettingsCipher is null ? null : Masked(settingsBefore),
                ["to"] = after.SettingsCipher is null ? null : Masked(settingsAfter),
            };
        }

        return trail.RecordAsync(write, Entry(actor, AuditActions.ProviderUpdate, before, new JsonObject { ["id"] = before.Id, ["changes"] = changes }), cancellationToken);
    }

    public async Task DeletedAsync(WriteTransaction write, string actor, ProviderRow row, IReadOnlyList<ProviderKeyRow> keys, CancellationToken cancellationToken)
    {
        await KeysChangedAsync(write, actor, row, [], keys, cancellationToken);
        await trail.RecordAsync(write, Entry(actor, AuditActions.ProviderDelete, row, new JsonObject { ["id"] = row.Id }), cancellationToken);
    }

    public async Task RotatedAsync(WriteTransaction write, string actor, ProviderRow row, ProviderKeyRow old, ProviderKeyRow fresh, CancellationToken cancellationToken)
    {
        var details = new JsonObject { ["id"] = row.Id, ["from"] = Masked(old), ["to"] = Masked(fresh) };
        await trail.RecordAsync(write, Entry(actor, AuditActions.ProviderRotate, row, details), cancellationToken);
        await KeysChangedAsync(write, actor, row, [fresh], [old], cancellationToken);
    }

    public async Task KeysChangedAsync(
        WriteTransaction write, string actor, ProviderRow row, IReadOnlyList<ProviderKeyRow> added, IReadOnlyList<ProviderKeyRow> removed, CancellationToken cancellationToken)
    {
        foreach (var key in added)
        {
            await trail.RecordAsync(write, Entry(actor, AuditActions.ProviderKeyAdd, row, Masked(key)), cancellationToken);
        }

        foreach (var key in removed)
        {
            await trail.RecordAsync(write, Entry(actor, AuditActions.ProviderKeyRemove, row, Masked(key)), cancellationToken);
        }
    }

    private static AuditEntry Entry(string actor, string action, ProviderRow row, JsonObject details) =>
        new(actor, action, "provider", row.Name) { Details = details };

    private static JsonObject Masked(ProviderKeyRow key) => new()
    {
        ["key_id"] = key.Id,
        ["name"] = key.Name,
        ["hint"] = key.Hint,
        ["ordinal"] = key.Ordinal,
    };

    private static JsonNode? Masked(ProviderSettings settings) => JsonSerializer.SerializeToNode(ProviderViews.Mask(settings), ControlPlaneJson.Default.ProviderSettingsView);

    private static void Compare<T>(JsonObject changes, string name, T before, T after)
    {
        if (!EqualityComparer<T>.Default.Equals(before, after))
        {
            changes[name] = new JsonObject { ["from"] = JsonValue.Create(before), ["to"] = JsonValue.Create(after) };
        }
    }
}
