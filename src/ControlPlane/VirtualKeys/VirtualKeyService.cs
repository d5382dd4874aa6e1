using System.Text.Json.Nodes;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary>The rules of virtual keys. Each write is one transaction with its audit entry.</summary>
internal sealed class VirtualKeyService(VirtualKeyStore store, AgentStore agents, AuditTrail trail, WriteTransactions writes, TimeProvider time)
{
    public async Task<IReadOnlyList<VirtualKeyView>> ListAsync(bool includeRevoked, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var now = time.GetUtcNow();
        return [.. (await store.ListAsync(connection, includeRevoked, cancellationToken)).Select(row => VirtualKeyView.Of(row, now))];
    }

    public async Task<Outcome<VirtualKeyView>> GetAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, target, cancellationToken) is { } row ? VirtualKeyView.Of(row, time.GetUtcNow()) : Missing(target);
    }

    public async Task<Outcome<Written<VirtualKeyView>>> CreateAsync(CreateVirtualKeyRequest request, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        var now = time.GetUtcNow();
        var rules = new VirtualKeyRules(await store.ListProviderNamesAsync(write.Connection, cancellationToken), now);
        if (rules.CheckCreate(request) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        if (await store.FindAsync(write.Connection, new IdOrName(null, request.Name), cancellationToken) is not null)
        {
            return Problem.Conflict($"A virtual key named '{request.Name}' exists already.", "name");
        }

        var key = VirtualKeyToken.Create();
        var row = new VirtualKeyRow
        {
            Id = Guid.CreateVersion7(now),
            Name = request.Name!,
            Hint = SecretHint.Of(key),
            Agent = request.Agent,
            Providers = request.Providers?.ToArray(),
            Models = request.Models?.ToArray(),
            Limits = ToJson(request.Limits?.ApplyTo(VirtualKeyLimits.None) ?? VirtualKeyLimits.None),
            ExpiresAt = request.ExpiresAt?.UtcDateTime,
            CreatedAt = now.UtcDateTime,
        };
        await store.InsertAsync(write.Connection, row, VirtualKeyToken.Hash(key), cancellationToken);
        var details = Describe(row);
        details["hint"] = row.Hint;
        details["agent"] = row.Agent;
        await RecordAsync(write, actor, AuditActions.VirtualKeyCreate, row, details, cancellationToken);
        return await CommitAsync(write, row.Id, key, cancellationToken);
    }

    public async Task<Outcome<Written<VirtualKeyView>>> UpdateAsync(IdOrName target, VersionCondition condition, UpdateVirtualKeyRequest request, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await FindForChangeAsync(write, target, condition, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        var rules = new VirtualKeyRules(await store.ListProviderNamesAsync(write.Connection, cancellationToken), time.GetUtcNow());
        if (rules.CheckUpdate(request) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        var limits = row.Limits is null ? VirtualKeyLimits.None : VirtualKeyLimits.FromJson(row.Limits);
        var changed = row with
        {
            Providers = request.Providers.Or(row.Providers)?.ToArray(),
            Models = request.Models.Or(row.Models)?.ToArray(),
            Limits = ToJson(request.Limits.IsPresent ? request.Limits.Value?.ApplyTo(limits) ?? VirtualKeyLimits.None : limits),
            ExpiresAt = request.ExpiresAt.IsPresent ? request.ExpiresAt.Value?.UtcDateTime : row.ExpiresAt,
        };
        await store.UpdateAsync(write.Connection, changed, cancellationToken);
        var details = new JsonObject { ["id"] = row.Id, ["from"] = Describe(row), ["to"] = Describe(changed) };
        await RecordAsync(write, actor, AuditActions.VirtualKeyUpdate, row, details, cancellationToken);
        return await CommitAsync(write, row.Id, key: null, cancellationToken);
    }

    public async Task<Outcome<Written<Guid>>> RevokeAsync(IdOrName target, VersionCondition condition, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await FindForChangeAsync(write, target, condition, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        if (await agents.FindOwnerAsync(write.Connection, row.Id, cancellationToken) is { } agent)
        {
            return Problem.Conflict($"This key is agent '{agent}'s own. Give the agent another with POST /api/v1/agents/{agent}/rotate-key; this one is revoked when no task of the agent uses it any more.");
        }

        await store.RevokeAsync(write.Connection, row.Id, time.GetUtcNow(), cancellationToken);
        await RecordAsync(write, actor, AuditActions.VirtualKeyRevoke, row, new JsonObject { ["id"] = row.Id, ["hint"] = row.Hint }, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<Guid>(row.Id, generation);
    }

    private static Problem Missing(IdOrName target) => Problem.NotFound($"There is no virtual key '{target}'.");

    private async Task<Outcome<VirtualKeyRow>> FindForChangeAsync(WriteTransaction write, IdOrName target, VersionCondition condition, CancellationToken cancellationToken)
    {
        var row = await store.FindAsync(write.Connection, target, cancellationToken);
        return row is not { RevokedAt: null } ? Missing(target) : condition.Allows(row.Version) ? row : Problem.Stale(row.Version);
    }

    private Task RecordAsync(WriteTransaction write, string actor, string action, VirtualKeyRow row, JsonObject details, CancellationToken cancellationToken) =>
        trail.RecordAsync(write, new AuditEntry(actor, action, "virtual_key", row.Name) { Details = details }, cancellationToken);

    private async Task<Outcome<Written<VirtualKeyView>>> CommitAsync(WriteTransaction write, Guid id, string? key, CancellationToken cancellationToken)
    {
        var row = await store.FindAsync(write.Connection, new IdOrName(id, null), cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<VirtualKeyView>(VirtualKeyView.Of(row!, time.GetUtcNow()) with { Key = key }, generation);
    }

    private static string? ToJson(VirtualKeyLimits limits) => limits == VirtualKeyLimits.None ? null : limits.ToJson();

    private static JsonObject Describe(VirtualKeyRow row) => new()
    {
        ["providers"] = row.Providers is null ? null : new JsonArray([.. row.Providers.Select(name => JsonValue.Create(name))]),
        ["models"] = row.Models is null ? null : new JsonArray([.. row.Models.Select(name => JsonValue.Create(name))]),
        ["limits"] = row.Limits is null ? null : JsonNode.Parse(row.Limits),
        ["expires_at"] = row.ExpiresAt,
    };
}
