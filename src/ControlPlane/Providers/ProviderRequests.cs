using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>Body of <c>POST /providers</c>.</summary>
internal sealed class CreateProviderRequest
{
    /// <summary>The path segment clients use: lower-case letters, digits and single hyphens.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>anthropic, openai, openai-compatible or openrouter.</summary>
    [Required]
    public string? Type { get; init; }

    /// <summary>Defaults to the vendor's public address; required for openai-compatible.</summary>
    public string? BaseUrl { get; init; }

    public string? DisplayName { get; init; }

    public bool? Enabled { get; init; }

    /// <summary>At most five credentials, in the order in which they are tried.</summary>
    public IReadOnlyList<string>? ApiKeys { get; init; }

    public SettingsRequest? Settings { get; init; }

    /// <summary>What is wrong with the body's shape.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static CreateProviderRequest Read(JsonFields fields)
    {
        var request = new CreateProviderRequest
        {
            Name = fields.Raw("name").Value,
            Type = fields.Raw("type").Value,
            BaseUrl = fields.Raw("base_url").Value,
            DisplayName = fields.Text("display_name").Value,
            Enabled = fields.Flag("enabled").Value,
            ApiKeys = ReadSecrets(fields),
            Settings = fields.Object("settings").Value is { } settings ? SettingsRequest.Read(settings) : null,
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }

    private static List<string>? ReadSecrets(JsonFields fields)
    {
        if (fields.Array("api_keys").Value is not { } items)
        {
            return null;
        }

        var secrets = new List<string>();
        foreach (var (item, path) in items)
        {
            if (item.ValueKind == JsonValueKind.String && JsonFields.TryText(item, out var secret))
            {
                secrets.Add(secret);
            }
            else
            {
                fields.Errors.Add(new(path, "A key must be a string."));
            }
        }

        return secrets;
    }
}

/// <summary>Body of <c>PATCH /providers/{idOrName}</c>: omitted members stay as they are.</summary>
internal sealed class UpdateProviderRequest
{
    /// <summary>Null clears it.</summary>
    public Optional<string?> DisplayName { get; init; }

    public Optional<string?> BaseUrl { get; init; }

    public Optional<bool?> Enabled { get; init; }

    /// <summary>The full list as it shall be, in order: existing keys by id, new ones by api_key. [] removes all.</summary>
    public Optional<IReadOnlyList<KeyRequest>?> ApiKeys { get; init; }

    /// <summary>Merged member by member; null clears all settings.</summary>
    public Optional<SettingsRequest?> Settings { get; init; }

    /// <summary>What is wrong with the body's shape.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static UpdateProviderRequest Read(JsonFields fields)
    {
        if (fields.IsEmpty)
        {
            fields.Errors.Add(new("", "The body changes nothing; send at least one member."));
        }

        fields.Forbid("name", "The name cannot be changed; create another provider.");
        fields.Forbid("type", "The type cannot be changed; create another provider.");
        var settings = fields.Object("settings");
        var request = new UpdateProviderRequest
        {
            DisplayName = fields.Text("display_name"),
            BaseUrl = fields.Raw("base_url"),
            Enabled = fields.Flag("enabled"),
            ApiKeys = KeyRequest.ReadList(fields),
            Settings = new(settings.IsPresent, settings.Value is { } members ? SettingsRequest.Read(members) : null),
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>One entry of a PATCH's <c>api_keys</c>: a key to keep, or one to add.</summary>
internal sealed class KeyRequest
{
    /// <summary>Keep this key.</summary>
    public Guid? Id { get; init; }

    /// <summary>Add this credential.</summary>
    public string? ApiKey { get; init; }

    /// <summary>A label for the added credential.</summary>
    public string? Name { get; init; }

    /// <summary>Where the entry stands in the body.</summary>
    [JsonIgnore]
    public string Path { get; init; } = "";

    public static Optional<IReadOnlyList<KeyRequest>?> ReadList(JsonFields fields)
    {
        var array = fields.Array("api_keys");
        if (array.Value is null)
        {
            if (array.IsPresent)
            {
                fields.Errors.Add(new("api_keys", "This must be a list; [] removes all keys."));
            }

            return default;
        }

        var entries = new List<KeyRequest>();
        foreach (var (item, path) in array.Value)
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                fields.Errors.Add(new(path, """This must be {"id": …} to keep a key or {"api_key": …} to add one."""));
                continue;
            }

            entries.Add(Read(new JsonFields(item, path, fields.Errors), path));
        }

        return Optional.Of<IReadOnlyList<KeyRequest>?>(entries);
    }

    private static KeyRequest Read(JsonFields fields, string path)
    {
        var id = fields.Raw("id").Value;
        var secret = fields.Raw("api_key").Value;
        var name = fields.Text("name").Value;
        if (id is null == secret is null)
        {
            fields.Errors.Add(new(path, "Exactly one of id and api_key must be given."));
        }
        else if (id is not null && name is not null)
        {
            fields.Errors.Add(new(fields.PathOf("name"), "A name can be given only to a key that is added."));
        }

        var isId = Guid.TryParseExact(id, "D", out var parsed);
        if (id is not null && !isId)
        {
            fields.Errors.Add(new(fields.PathOf("id"), "This must be an id (a UUID)."));
        }

        fields.RejectUnknown();
        return new KeyRequest { Id = isId ? parsed : null, ApiKey = secret, Name = name, Path = path };
    }
}

/// <summary>Body of <c>POST /providers/{idOrName}/rotate</c>.</summary>
internal sealed class RotateProviderRequest
{
    /// <summary>The new credential.</summary>
    [Required]
    public string? ApiKey { get; init; }

    /// <summary>The id of the key it takes the place of; omitted: the first.</summary>
    public Guid? Replaces { get; init; }

    /// <summary>A label for the new credential.</summary>
    public string? Name { get; init; }

    /// <summary>What is wrong with the body's shape.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static RotateProviderRequest Read(JsonFields fields)
    {
        var replaces = fields.Raw("replaces").Value;
        var isId = Guid.TryParseExact(replaces, "D", out var id);
        if (replaces is not null && !isId)
        {
            fields.Errors.Add(new("replaces", "This must be an id (a UUID)."));
        }

        var request = new RotateProviderRequest
        {
            ApiKey = fields.Raw("api_key").Value,
            Replaces = isId ? id : null,
            Name = fields.Text("name").Value,
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Body of <c>POST /providers/{idOrName}/test</c>, which may be left out.</summary>
internal sealed class TestProviderRequest
{
    /// <summary>A credential to try before it is saved; omitted: the provider's first.</summary>
    public string? ApiKey { get; init; }

    /// <summary>What is wrong with the body.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static TestProviderRequest Read(JsonFields fields)
    {
        var request = new TestProviderRequest { ApiKey = fields.Raw("api_key").Value, Errors = fields.Errors };
        if (request.ApiKey is not null)
        {
            ProviderValidator.ValidateSecret(request.ApiKey, "api_key", fields.Errors);
        }

        fields.RejectUnknown();
        return request;
    }
}
