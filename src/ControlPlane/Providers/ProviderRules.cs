using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>What a provider request must satisfy; every error at once, on top of those in the body's shape.</summary>
internal sealed class ProviderRules(UpstreamAddressPolicy policy)
{
    /// <summary>Whether the text could be a provider's name at all.</summary>
    public static bool IsName(string text)
    {
        var errors = new List<ConfigError>();
        ProviderValidator.ValidateName(text, errors);
        return errors.Count == 0;
    }

    /// <param name="request">What to create.</param>
    /// <param name="baseUrl">The request's base URL, or its type's default.</param>
    /// <param name="settings">The settings it results in.</param>
    public IReadOnlyList<ConfigError> CheckCreate(CreateProviderRequest request, string? baseUrl, ProviderSettings settings)
    {
        var errors = new List<ConfigError>();
        ProviderValidator.ValidateName(request.Name, errors);
        if (Guid.TryParseExact(request.Name, "D", out _))
        {
            errors.Add(new("name", "A name must not look like an id (a UUID)."));
        }

        ProviderValidator.ValidateType(request.Type, errors);
        if (baseUrl is not null || ProviderTypes.IsKnown(request.Type ?? ""))
        {
            ProviderValidator.ValidateBaseUrl(baseUrl, policy, errors);
        }

        ProviderValidator.ValidateSettings(settings, errors);
        var secrets = request.ApiKeys ?? [];
        ProviderValidator.ValidateKeyCount(secrets.Count, errors);
        CheckSecrets(secrets.Select((secret, index) => (secret, $"api_keys[{index}]")), errors);
        return Merge(request.Errors, errors);
    }

    public IReadOnlyList<ConfigError> CheckUpdate(UpdateProviderRequest request, ProviderSettings settings, IReadOnlyList<ProviderKeyRow> keys)
    {
        var errors = new List<ConfigError>();
        if (request.BaseUrl.IsPresent)
        {
            ProviderValidator.ValidateBaseUrl(request.BaseUrl.Value, policy, errors);
        }

        if (request.Enabled is { IsPresent: true, Value: null })
        {
            errors.Add(new("enabled", "This must be true or false."));
        }

        if (request.Settings.Value is not null)
        {
            ProviderValidator.ValidateSettings(settings, errors);
        }

        if (request.ApiKeys.Value is { } entries)
        {
            ProviderValidator.ValidateKeyCount(entries.Count, errors);
            CheckSecrets(entries.Where(entry => entry.ApiKey is not null).Select(entry => (entry.ApiKey!, $"{entry.Path}.api_key")), errors);
            CheckIds([.. entries.Where(entry => entry.Id is not null)], keys, errors);
        }

        return Merge(request.Errors, errors);
    }

    public static IReadOnlyList<ConfigError> CheckRotate(RotateProviderRequest request)
    {
        var errors = new List<ConfigError>();
        ProviderValidator.ValidateSecret(request.ApiKey, "api_key", errors);
        return Merge(request.Errors, errors);
    }

    private static void CheckIds(IReadOnlyList<KeyRequest> kept, IReadOnlyList<ProviderKeyRow> keys, List<ConfigError> errors)
    {
        var seen = new HashSet<Guid>();
        foreach (var entry in kept)
        {
            var id = entry.Id!.Value;
            if (keys.All(key => key.Id != id))
            {
                errors.Add(new($"{entry.Path}.id", $"The provider has no key with id {id}."));
            }
            else if (!seen.Add(id))
            {
                errors.Add(new($"{entry.Path}.id", $"Key {id} is given twice."));
            }
        }
    }

    private static void CheckSecrets(IEnumerable<(string Secret, string Field)> secrets, List<ConfigError> errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (secret, field) in secrets)
        {
            ProviderValidator.ValidateSecret(secret, field, errors);
            if (!seen.Add(secret))
            {
                errors.Add(new(field, "The same key is given twice."));
            }
        }
    }

    // A member of the wrong shape reads as omitted; "is required" on top of that would only confuse.
    private static List<ConfigError> Merge(IReadOnlyList<ConfigError> shape, List<ConfigError> rules) =>
        [.. shape, .. rules.Where(rule => shape.All(error => error.Field != rule.Field))];
}
