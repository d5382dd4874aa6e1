using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Trinity.AiBridge.Configuration;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.Reload;

/// <summary>Step (c) of the reload path: decrypts, validates and builds. A bad provider is excluded with its errors; the others serve.</summary>
internal sealed partial class SnapshotBuilder(SecretProtector secrets, UpstreamAddressPolicy policy, ILogger<SnapshotBuilder> logger)
{
    /// <param name="rows">What was loaded.</param>
    /// <param name="previous">The live snapshot: what did not change is taken from it and not announced again.</param>
    public ConfigSnapshot Build(ConfigRows rows, ConfigSnapshot? previous)
    {
        var problems = new List<ConfigProblem>();
        var isWhole = true;
        var providers = new Dictionary<string, ProviderModel>(StringComparer.Ordinal);
        var keys = rows.ProviderKeys.ToLookup(key => key.ProviderId);
        foreach (var row in rows.Providers)
        {
            var known = previous?.Providers.GetValueOrDefault(row.Name);
            var model = BuildProvider(row, keys[row.Id], problems, out var isRead);
            isWhole &= isRead;
            if (!isRead && row.Enabled && known is { State: ProviderState.Enabled } && known.Id == row.Id)
            {
                model = known; // nothing is known to be bad: what serves, serves on
            }

            var same = known is not null && known.Id == model.Id && known.Revision == model.Revision && known.State == model.State;
            providers[row.Name] = same ? known! : model;
            Announce(model, known, problems);
        }

        return new ConfigSnapshot
        {
            Revision = rows.Revision,
            Generation = isWhole || previous is null ? rows.Revision : previous.Generation,
            IsWhole = isWhole,
            Providers = providers.ToFrozenDictionary(StringComparer.Ordinal),
            VirtualKeys = BuildVirtualKeys(rows.VirtualKeys),
            Problems = problems,
        };
    }

    private ProviderModel BuildProvider(ProviderRow row, IEnumerable<ProviderKeyRow> keys, List<ConfigProblem> problems, out bool isRead)
    {
        isRead = true;
        var config = new ProviderConfig { Id = row.Id, Name = row.Name, Type = row.Type, BaseUrl = row.BaseUrl, Enabled = row.Enabled };
        try
        {
            config = config with { Settings = Settings(row), Keys = [.. keys.Select(Key)] };
            var errors = ProviderValidator.Validate(config, policy);
            if (errors.Count > 0)
            {
                problems.AddRange(errors.Select(error => new ConfigProblem(row.Id, row.Name, $"{error.Field}: {error.Message}")));
                return Excluded(config);
            }
        }
        catch (CryptographicException exception)
        {
            problems.Add(new ConfigProblem(row.Id, row.Name, $"A secret cannot be decrypted: {exception.Message}"));
            return Excluded(config);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            problems.Add(new ConfigProblem(row.Id, row.Name, "The settings or keys are not readable by this release."));
            return Excluded(config);
        }
        catch (EncryptionKeysUnreadableException exception)
        {
            isRead = false;
            problems.Add(new ConfigProblem(row.Id, row.Name, exception.Message));
            return Excluded(config);
        }
        catch (Exception exception)
        {
            // Whatever it is (a defect of ours), it is this provider's trouble and must not hold up the others.
            problems.Add(new ConfigProblem(row.Id, row.Name, $"The provider cannot be built: {exception.GetType().Name}."));
            return Excluded(config);
        }

        return new ProviderModel(config, ConfigRevision.Of(config), row.Enabled ? ProviderState.Enabled : ProviderState.Disabled);
    }

    // An unusable provider still has a name to answer 503 under.
    private static ProviderModel Excluded(ProviderConfig config)
    {
        var bare = config with { Keys = [], Settings = ProviderSettings.Default };
        return new ProviderModel(bare, ConfigRevision.Of(bare), ProviderState.Error);
    }

    private ProviderSettings Settings(ProviderRow row) => row is { SettingsCipher: { } cipher, SettingsKeyId: { } keyId }
        ? ProviderSettings.FromJson(secrets.Unprotect(new ProtectedSecret(cipher, keyId), SecretScope.ProviderSettings(row.Id)))
        : ProviderSettings.Default;

    private ProviderKey Key(ProviderKeyRow row) => new()
    {
        Id = row.Id,
        Ordinal = row.Ordinal,
        Name = row.Name,
        Hint = row.Hint,
        Secret = new SecretString(secrets.Unprotect(new ProtectedSecret(row.SecretCipher, row.CipherKeyId), SecretScope.ProviderKey(row.Id))),
    };

    private static FrozenDictionary<VirtualKeyHash, VirtualKeyConfig> BuildVirtualKeys(IReadOnlyList<VirtualKeyRow> rows) =>
        rows.Where(row => row.Hash.Length == SHA256.HashSizeInBytes).Select(row => new VirtualKeyConfig
        {
            Id = row.Id,
            Name = row.Name,
            Hash = row.Hash,
            Agent = row.Agent,
            Providers = row.Providers,
            Models = row.Models,
            Limits = Limits(row),
            ExpiresAt = row.ExpiresAt,
            RevokedAt = row.RevokedAt,
        }).ToFrozenDictionary(key => VirtualKeyHash.Of(key.Hash));

    // Limits that this release cannot read must not become "unlimited": the key waits until they are mended.
    private static VirtualKeyLimits Limits(VirtualKeyRow row)
    {
        try
        {
            return row.Limits is null ? VirtualKeyLimits.None : VirtualKeyLimits.FromJson(row.Limits);
        }
        catch (JsonException)
        {
            return new VirtualKeyLimits { MaxConcurrent = 0 };
        }
    }

    private void Announce(ProviderModel model, ProviderModel? known, List<ConfigProblem> problems)
    {
        if (known?.Revision == model.Revision && known.State == model.State)
        {
            return;
        }

        if (model.State == ProviderState.Error)
        {
            Log.ProviderExcluded(logger, model.Name, string.Join(" ", problems.Where(problem => problem.ProviderId == model.Id).Select(problem => problem.Message)));
        }
        else if (model.Config.Keys.Count == 0 && model.Config.Type != ProviderTypes.OpenAiCompatible)
        {
            Log.ProviderWithoutKey(logger, model.Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ProviderExcluded, LogLevel.Error, "Provider {Provider} cannot serve and answers 503: {Errors}")]
        public static partial void ProviderExcluded(ILogger logger, string provider, string errors);

        [LoggerMessage(EventIds.ProviderWithoutKey, LogLevel.Warning, "Provider {Provider} has no key; it serves only callers who bring their own credential.")]
        public static partial void ProviderWithoutKey(ILogger logger, string provider);
    }
}
