using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>The rules of providers: what may be written, what retires a key, what the audit trail says. Each operation is one transaction.</summary>
internal sealed class ProviderService(
    ProviderStore store,
    ProviderViews views,
    ProviderSecrets secrets,
    ProviderRules rules,
    ProviderAudit audit,
    RolloutRecorder rollouts,
    AgentFanOut agents,
    WriteTransactions writes,
    TimeProvider time)
{
    public async Task<IReadOnlyList<ProviderView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await views.BuildAsync(connection, await store.ListAsync(connection, cancellationToken), cancellationToken);
    }

    public async Task<Outcome<ProviderView>> GetAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, target, cancellationToken) is { } row
            ? (await views.BuildAsync(connection, [row], cancellationToken))[0]
            : Missing(target);
    }

    public async Task<Outcome<Written<ProviderView>>> CreateAsync(CreateProviderRequest request, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await AddAsync(write, request, actor, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        return await CommitAsync(write, row.Id, rolloutId: null, cancellationToken);
    }

    /// <summary>Creates a provider inside the caller's transaction.</summary>
    public async Task<Outcome<ProviderRow>> AddAsync(WriteTransaction write, CreateProviderRequest request, string actor, CancellationToken cancellationToken)
    {
        var settings = request.Settings?.ApplyTo(ProviderSettings.Default) ?? ProviderSettings.Default;
        var baseUrl = request.BaseUrl ?? ProviderTypes.DefaultBaseUrl(request.Type ?? "");
        if (rules.CheckCreate(request, baseUrl, settings) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        if (await store.FindAsync(write.Connection, new IdOrName(null, request.Name), cancellationToken) is not null)
        {
            return Problem.Conflict($"A provider named '{request.Name}' exists already.", "name");
        }

        secrets.Refresh();
        var now = Now();
        var row = secrets.WithSettings(
            new ProviderRow
            {
                Id = NewId(),
                Name = request.Name!,
                Type = request.Type!,
                DisplayName = request.DisplayName,
                BaseUrl = baseUrl!,
                Enabled = request.Enabled ?? true,
                CreatedAt = now,
                UpdatedAt = now,
            },
            settings);
        var keys = (request.ApiKeys ?? []).Select((secret, ordinal) => secrets.NewKey(NewId(), row.Id, ordinal, secret, name: null, now)).ToList();
        await store.InsertAsync(write.Connection, row, cancellationToken);
        await store.InsertKeysAsync(write.Connection, keys, cancellationToken);
        await audit.CreatedAsync(write, actor, row, settings, keys, cancellationToken);
        return row;
    }

    public async Task<Outcome<Written<ProviderView>>> UpdateAsync(IdOrName target, VersionCondition condition, UpdateProviderRequest request, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await FindForChangeAsync(write, target, condition, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        var keys = (await store.ListKeysAsync(write.Connection, [row.Id], cancellationToken))[row.Id].ToList();
        var readable = secrets.TryReadSettings(row, out var current);
        if (request.Settings.Value is not null && !readable)
        {
            return Problem.Conflict("The stored settings cannot be decrypted, so nothing can be merged into them; clear them with \"settings\": null first.", "settings");
        }

        var settings = request.Settings.IsPresent ? request.Settings.Value?.ApplyTo(current) ?? ProviderSettings.Default : current;
        var errors = rules.CheckUpdate(request, settings, keys).Concat(AlreadyStored(request, keys)).ToList();
        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        secrets.Refresh();
        var changed = row with
        {
            DisplayName = request.DisplayName.Or(row.DisplayName),
            BaseUrl = request.BaseUrl.Or(row.BaseUrl)!,
            Enabled = request.Enabled.Or(row.Enabled)!.Value,
            UpdatedAt = Now(),
        };
        changed = request.Settings.IsPresent ? secrets.WithSettings(changed, settings) : changed;
        await store.UpdateAsync(write.Connection, changed, cancellationToken);
        await audit.UpdatedAsync(write, actor, row, changed, current, settings, cancellationToken);
        var retired = await ReplaceKeysAsync(write, request.ApiKeys.Value, row, keys, actor, cancellationToken);
        if (keys.Count > 0 && request.ApiKeys.Value is { Count: 0 } && row.Type == ProviderTypes.Anthropic)
        {
            await agents.LastKeyRemovedAsync(write, row.Name, cancellationToken);
        }

        var isOthersConcern = request.ApiKeys.Value is not null || changed.BaseUrl != row.BaseUrl || changed.Enabled != row.Enabled;
        var concerned = isOthersConcern ? await agents.ProviderChangedAsync(write, row.Name, cancellationToken) : [];
        var rollout = await rollouts.RecordAsync(write, row.Id, RolloutActions.Update, retired, concerned, actor, cancellationToken);
        return await CommitAsync(write, row.Id, rollout, cancellationToken);
    }

    public async Task<Outcome<Written<Guid>>> DeleteAsync(IdOrName target, VersionCondition condition, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await FindForChangeAsync(write, target, condition, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        var keys = (await store.ListKeysAsync(write.Connection, [row.Id], cancellationToken))[row.Id].ToList();
        await store.SoftDeleteAsync(write.Connection, row.Id, time.GetUtcNow(), cancellationToken);
        await audit.DeletedAsync(write, actor, row, keys, cancellationToken);
        var concerned = await agents.ProviderChangedAsync(write, row.Name, cancellationToken);
        var rollout = await rollouts.RecordAsync(write, row.Id, RolloutActions.Delete, keys, concerned, actor, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<Guid>(row.Id, generation, rollout);
    }

    /// <summary>Puts a new credential in the place of one in use. The old row goes in the same transaction; requests on it drain.</summary>
    public async Task<Outcome<Written<Guid>>> RotateAsync(IdOrName target, VersionCondition condition, RotateProviderRequest request, string actor, CancellationToken cancellationToken)
    {
        if (ProviderRules.CheckRotate(request) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        await using var write = await writes.BeginAsync(cancellationToken);
        if ((await FindForChangeAsync(write, target, condition, cancellationToken)).Failed(out var problem, out var row))
        {
            return problem;
        }

        var keys = (await store.ListKeysAsync(write.Connection, [row.Id], cancellationToken))[row.Id].ToList();
        var old = request.Replaces is null ? keys.FirstOrDefault() : keys.Find(key => key.Id == request.Replaces);
        if (old is null)
        {
            return request.Replaces is null
                ? Problem.Conflict($"Provider '{row.Name}' has no key to replace; add one with PATCH.", "replaces")
                : Problem.Invalid("replaces", $"The provider has no key with id {request.Replaces}.");
        }

        if (keys.Find(key => Holds(key, request.ApiKey!)) is { } same)
        {
            return Problem.Conflict($"This key is stored already, as {same.Id} ({same.Hint}).", "api_key");
        }

        secrets.Refresh();
        var fresh = secrets.NewKey(NewId(), row.Id, old.Ordinal, request.ApiKey!, request.Name ?? old.Name, Now());
        await store.DeleteKeysAsync(write.Connection, [old.Id], cancellationToken);
        await store.InsertKeysAsync(write.Connection, [fresh], cancellationToken);
        await store.UpdateAsync(write.Connection, row with { UpdatedAt = Now() }, cancellationToken);
        await audit.RotatedAsync(write, actor, row, old, fresh, cancellationToken);
        var concerned = await agents.ProviderChangedAsync(write, row.Name, cancellationToken);
        var rollout = await rollouts.RecordAsync(write, row.Id, RolloutActions.Rotate, [old], concerned, actor, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<Guid>(row.Id, generation, rollout);
    }

    private static Problem Missing(IdOrName target) => Problem.NotFound($"There is no provider '{target}'.");

    private async Task<Outcome<ProviderRow>> FindForChangeAsync(WriteTransaction write, IdOrName target, VersionCondition condition, CancellationToken cancellationToken)
    {
        var row = await store.FindAsync(write.Connection, target, cancellationToken);
        return row is null ? Missing(target) : condition.Allows(row.Version) ? row : Problem.Stale(row.Version);
    }

    /// <summary>Makes the key list as asked, order included, and returns the keys that are gone.</summary>
    private async Task<IReadOnlyList<ProviderKeyRow>> ReplaceKeysAsync(
        WriteTransaction write, IReadOnlyList<KeyRequest>? wanted, ProviderRow provider, IReadOnlyList<ProviderKeyRow> keys, string actor, CancellationToken cancellationToken)
    {
        if (wanted is null)
        {
            return [];
        }

        var now = Now();
        var added = new List<ProviderKeyRow>();
        for (var ordinal = 0; ordinal < wanted.Count; ordinal++)
        {
            if (wanted[ordinal].ApiKey is { } secret)
            {
                added.Add(secrets.NewKey(NewId(), provider.Id, ordinal, secret, wanted[ordinal].Name, now));
            }
            else if (keys.First(key => key.Id == wanted[ordinal].Id) is { } kept && kept.Ordinal != ordinal)
            {
                await store.MoveKeyAsync(write.Connection, kept.Id, ordinal, cancellationToken);
            }
        }

        var removed = keys.Where(key => wanted.All(entry => entry.Id != key.Id)).ToList();
        await store.DeleteKeysAsync(write.Connection, [.. removed.Select(key => key.Id)], cancellationToken);
        await store.InsertKeysAsync(write.Connection, added, cancellationToken);
        await audit.KeysChangedAsync(write, actor, provider, added, removed, cancellationToken);
        return removed;
    }

    // Stored again under a new id, a key would be in use while a rollout calls it retired.
    private IEnumerable<ConfigError> AlreadyStored(UpdateProviderRequest request, IReadOnlyList<ProviderKeyRow> keys) =>
        from entry in request.ApiKeys.Value ?? []
        where entry.ApiKey is not null
        let same = keys.FirstOrDefault(key => Holds(key, entry.ApiKey!))
        where same is not null
        select new ConfigError($"{entry.Path}.api_key", $"This key is stored already; keep it with its id {same.Id}.");

    private bool Holds(ProviderKeyRow key, string secret) => secrets.Reveal(key)?.Reveal() == secret;

    private async Task<Outcome<Written<ProviderView>>> CommitAsync(WriteTransaction write, Guid id, Guid? rolloutId, CancellationToken cancellationToken)
    {
        var row = await store.FindAsync(write.Connection, new IdOrName(id, null), cancellationToken);
        var view = (await views.BuildAsync(write.Connection, [row!], cancellationToken))[0];
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<ProviderView>(view, generation, rolloutId);
    }

    private Guid NewId() => Guid.CreateVersion7(time.GetUtcNow());

    private DateTime Now() => time.GetUtcNow().UtcDateTime;
}
