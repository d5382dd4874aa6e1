using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>The rules of subscriptions. Each write is one transaction with its audit entry.</summary>
internal sealed class SubscriptionService(SubscriptionStore store, SecretProtector protector, SubscriptionProbe probe, AgentFanOut agents, UsageCache cache, AuditTrail trail, WriteTransactions writes, TimeProvider time)
{
    public static SecretScope Scope(Guid id) => new("subscriptions", id, "token_cipher");

    public async Task<IReadOnlyList<SubscriptionView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return [.. (await store.ListAsync(connection, cancellationToken)).Select(SubscriptionView.Of)];
    }

    public async Task<Outcome<SubscriptionView>> GetAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, target, cancellationToken) is { } row ? SubscriptionView.Of(row) : Missing(target);
    }

    /// <summary>Creates it, or rolls its token over when the name exists: then its agents get the new one, by a rollout. <c>Created</c> says which; a new one may be given to agents that lost theirs.</summary>
    public async Task<Outcome<(Written<SubscriptionView> Written, bool Created)>> PutAsync(PutSubscriptionRequest request, string actor, CancellationToken cancellationToken)
    {
        if (request.Errors.Count > 0)
        {
            return Problem.Invalid(request.Errors);
        }

        protector.Refresh(); // after a `keys rotate` elsewhere, new rows use the new key
        await using var write = await writes.BeginAsync(cancellationToken);
        var now = time.GetUtcNow();
        var existing = await store.FindAsync(write.Connection, new IdOrName(null, request.Name), cancellationToken);
        var row = Changed(existing ?? new SubscriptionRow { Id = Guid.CreateVersion7(now), Name = request.Name!, CreatedAt = now.UtcDateTime }, request, isNew: existing is null, now.UtcDateTime);
        await (existing is null ? store.InsertAsync(write.Connection, row, cancellationToken) : store.UpdateAsync(write.Connection, row, cancellationToken));
        var rolledOver = existing is not null && existing.TokenGeneration != row.TokenGeneration;
        var action = existing is null ? AuditActions.SubscriptionCreate : rolledOver ? AuditActions.SubscriptionRollOver : AuditActions.SubscriptionUpdate;
        await RecordAsync(write, actor, action, row, cancellationToken);
        if (existing is null)
        {
            await agents.RegisteredAsync(write, cancellationToken);
        }

        var rollout = rolledOver ? await agents.RollOverAsync(write, existing!, actor, cancellationToken) : null;
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        cache.Invalidate(UsageChannels.Anthropic);
        var view = SubscriptionView.Of(row) with { Warnings = SubscriptionToken.WarningsOf(request.Token!) };
        return (new Written<SubscriptionView>(view, generation, rollout), existing is null);
    }

    /// <summary>Deletes it, and takes its token out of the agents that work with it, running or not.</summary>
    public async Task<Outcome<Written<Guid>>> DeleteAsync(IdOrName target, VersionCondition condition, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        var row = await store.FindAsync(write.Connection, target, cancellationToken);
        if (row is null)
        {
            return Missing(target);
        }

        if (!condition.Allows(row.Version))
        {
            return Problem.Stale(row.Version);
        }

        var rollout = await agents.WithdrawAsync(write, row, actor, cancellationToken);
        await store.DeleteAsync(write.Connection, row.Id, cancellationToken);
        await RecordAsync(write, actor, AuditActions.SubscriptionDelete, row, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        cache.Invalidate(UsageChannels.Anthropic);
        return new Written<Guid>(row.Id, generation, rollout);
    }

    /// <summary>Asks the provider about a token that is not saved yet, or about a saved one.</summary>
    public async Task<Outcome<SubscriptionTest>> TestAsync(TestSubscriptionRequest request, CancellationToken cancellationToken)
    {
        if (request.Errors.Count > 0)
        {
            return Problem.Invalid(request.Errors);
        }

        if (request.Token is not null)
        {
            return await probe.ProbeAsync(new SecretString(request.Token), cancellationToken);
        }

        if (!IdOrName.TryParse(request.Subscription!, VirtualKeys.VirtualKeyRules.IsName, out var target) || await FindAsync(target, cancellationToken) is not { } row)
        {
            return Problem.Invalid("subscription", $"There is no subscription '{request.Subscription}'.");
        }

        return Reveal(row) is { } token
            ? await probe.ProbeAsync(token, cancellationToken)
            : Problem.Conflict("The stored token cannot be decrypted: the encryption key that made it is missing. Register the subscription again.");
    }

    private static Problem Missing(IdOrName target) => Problem.NotFound($"There is no subscription '{target}'.");

    // The connection goes back before the provider is asked, which may take its time.
    private async Task<SubscriptionRow?> FindAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, target, cancellationToken);
    }

    private SecretString? Reveal(SubscriptionRow row)
    {
        try
        {
            return new SecretString(protector.Unprotect(row.ProtectedToken, Scope(row.Id)));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    // The same token again is no rollover: whoever works with it need not be told.
    private SubscriptionRow Changed(SubscriptionRow row, PutSubscriptionRequest request, bool isNew, DateTime now)
    {
        var token = request.Token!;
        var cipher = protector.Protect(token, Scope(row.Id));
        var fingerprint = CredentialFingerprint.Of(token);
        return row with
        {
            Type = request.Type.Or(row.Type),
            Tier = request.Tier.Or(row.Tier),
            SoftCeilingPercent = request.SoftCeilingPercent.Or(row.SoftCeilingPercent),
            TokenCipher = cipher.Cipher,
            CipherKeyId = cipher.KeyId,
            Hint = SecretHint.Of(token),
            Fingerprint = fingerprint,
            TokenGeneration = isNew || row.Fingerprint == fingerprint ? row.TokenGeneration : row.TokenGeneration + 1,
            Version = isNew ? 1 : row.Version + 1,
            UpdatedAt = now,
        };
    }

    private Task RecordAsync(WriteTransaction write, string actor, string action, SubscriptionRow row, CancellationToken cancellationToken)
    {
        var details = new JsonObject { ["id"] = row.Id, ["type"] = row.Type, ["tier"] = row.Tier, ["hint"] = row.Hint, ["token_generation"] = row.TokenGeneration, ["soft_ceiling_percent"] = row.SoftCeilingPercent };
        return trail.RecordAsync(write, new AuditEntry(actor, action, "subscription", row.Name) { Details = details }, cancellationToken);
    }
}
