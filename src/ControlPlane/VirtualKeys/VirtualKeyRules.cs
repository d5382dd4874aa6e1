using System.Text.RegularExpressions;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary>What a virtual key request must satisfy; every error at once, on top of those in the body's shape.</summary>
internal sealed partial class VirtualKeyRules(IReadOnlyList<string> providerNames, DateTimeOffset now)
{
    private const int MaxEntries = 100;

    public static bool IsName(string text) => NamePattern().IsMatch(text) && !Guid.TryParseExact(text, "D", out _);

    public IReadOnlyList<ConfigError> CheckCreate(CreateVirtualKeyRequest request)
    {
        var errors = request.Errors.ToList();
        if ((request.Name is null || !IsName(request.Name)) && errors.TrueForAll(error => error.Field != "name"))
        {
            errors.Add(new("name", "A name of 1 to 64 letters, digits and . _ @ - is required; it must not look like an id (a UUID)."));
        }

        Check(request.Providers, request.Models, request.ExpiresAt, errors);
        return errors;
    }

    public IReadOnlyList<ConfigError> CheckUpdate(UpdateVirtualKeyRequest request)
    {
        var errors = request.Errors.ToList();
        Check(request.Providers.Value, request.Models.Value, request.ExpiresAt.Value, errors);
        return errors;
    }

    private void Check(IReadOnlyList<string>? providers, IReadOnlyList<string>? models, DateTimeOffset? expiresAt, List<ConfigError> errors)
    {
        CheckList("providers", providers, errors);
        CheckList("models", models, errors);
        foreach (var name in (providers ?? []).Except(providerNames, StringComparer.Ordinal))
        {
            errors.Add(new("providers", $"There is no provider '{name}'."));
        }

        foreach (var model in (models ?? []).Where(model => model.AsSpan(0, model.Length - 1).Contains('*')))
        {
            errors.Add(new("models", $"'{model}' has a * that is not at its end."));
        }

        if (expiresAt <= now)
        {
            errors.Add(new("expires_at", "This must be in the future."));
        }
    }

    private static void CheckList(string field, IReadOnlyList<string>? entries, List<ConfigError> errors)
    {
        if (entries is { Count: 0 } && errors.TrueForAll(error => !error.Field.StartsWith(field, StringComparison.Ordinal)))
        {
            errors.Add(new(field, "An empty list would allow nothing; name at least one, or null for all."));
        }
        else if (entries?.Count > MaxEntries)
        {
            errors.Add(new(field, $"At most {MaxEntries} entries are allowed."));
        }
        else if (entries is not null && entries.Distinct(StringComparer.Ordinal).Count() != entries.Count)
        {
            errors.Add(new(field, "The same entry is given twice."));
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
