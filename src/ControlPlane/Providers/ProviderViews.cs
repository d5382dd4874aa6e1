using Npgsql;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Providers;

/// <summary>Builds what the API shows of providers, with their status.</summary>
internal sealed class ProviderViews(ProviderStore store, ProviderSecrets secrets)
{
    /// <summary>Two queries, however many providers there are.</summary>
    public async Task<IReadOnlyList<ProviderView>> BuildAsync(NpgsqlConnection connection, IReadOnlyList<ProviderRow> rows, CancellationToken cancellationToken)
    {
        var keys = await store.ListKeysAsync(connection, [.. rows.Select(row => row.Id)], cancellationToken);
        var reported = await store.ListReportedErrorsAsync(connection, cancellationToken);
        return [.. rows.Select(row => Build(row, [.. keys[row.Id]], [.. reported[row.Id]]))];
    }

    private ProviderView Build(ProviderRow row, IReadOnlyList<ProviderKeyRow> keys, IReadOnlyList<ReportedError> reported)
    {
        var settingsReadable = secrets.TryReadSettings(row, out var settings);
        var unreadable = keys.Where(key => secrets.Reveal(key) is null).ToList();
        var errors = new List<string>();
        errors.AddRange(unreadable.Select(key => $"Key {key.Id} ({key.Hint}) cannot be decrypted; its encryption key is missing from the key ring. Replace it, or restore the ring."));
        if (!settingsReadable)
        {
            errors.Add("The settings cannot be decrypted; their encryption key is missing from the key ring. Clear them with \"settings\": null, or restore the ring.");
        }

        errors.AddRange(reported.Select(error => $"Bridge {error.Address} reports: {error.Message}"));
        var warnings = new List<string>();
        if (keys.Count == 0 && row.Type != ProviderTypes.OpenAiCompatible)
        {
            warnings.Add("No key is stored; only clients that bring their own credential can use this provider.");
        }

        var state = !row.Enabled ? "disabled" : errors.Count > 0 ? "error" : "enabled";
        return new ProviderView
        {
            Id = row.Id,
            Name = row.Name,
            Type = row.Type,
            DisplayName = row.DisplayName,
            BaseUrl = row.BaseUrl,
            Enabled = row.Enabled,
            ApiKeys = [.. keys.Select(key => new ProviderKeyView(key.Id, key.Name, key.Hint, key.Ordinal, key.CreatedAt))],
            Settings = row.SettingsCipher is null || !settingsReadable ? null : Mask(settings),
            Version = row.Version,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            Status = new ProviderStatusView(state, [.. errors, .. warnings]),
        };
    }

    public static ProviderSettingsView Mask(ProviderSettings settings) => new(
        settings.ExtraHeaders.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase).ToDictionary(header => header.Key, header => SecretHint.Of(header.Value), StringComparer.OrdinalIgnoreCase),
        settings.IncludeUsage,
        settings.FirstByteTimeoutSeconds,
        settings.IdleTimeoutSeconds,
        settings.CircuitBreaker);
}
