using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary>Body of <c>POST /virtual-keys</c>.</summary>
internal sealed class CreateVirtualKeyRequest
{
    /// <summary>Who it is for; unique among keys that are not revoked.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>The agent it was made for.</summary>
    public string? Agent { get; init; }

    /// <summary>Names of the providers it may use; omitted: all.</summary>
    public IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Models it may use, exact or with one trailing *; omitted: all.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    public LimitsRequest? Limits { get; init; }

    /// <summary>RFC 3339, in the future; omitted: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What is wrong with the body's shape.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static CreateVirtualKeyRequest Read(JsonFields fields)
    {
        var request = new CreateVirtualKeyRequest
        {
            Name = fields.Raw("name").Value,
            Agent = fields.Text("agent", maxLength: 64).Value,
            Providers = fields.Texts("providers").Value,
            Models = fields.Texts("models").Value,
            Limits = fields.Object("limits").Value is { } limits ? LimitsRequest.Read(limits) : null,
            ExpiresAt = fields.Time("expires_at").Value,
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Body of <c>PATCH /virtual-keys/{idOrName}</c>: omitted members stay as they are, null clears.</summary>
internal sealed class UpdateVirtualKeyRequest
{
    /// <summary>Null: all providers.</summary>
    public Optional<IReadOnlyList<string>?> Providers { get; init; }

    /// <summary>Null: all models.</summary>
    public Optional<IReadOnlyList<string>?> Models { get; init; }

    /// <summary>Merged member by member; null clears all limits.</summary>
    public Optional<LimitsRequest?> Limits { get; init; }

    /// <summary>Null: never.</summary>
    public Optional<DateTimeOffset?> ExpiresAt { get; init; }

    /// <summary>What is wrong with the body's shape.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static UpdateVirtualKeyRequest Read(JsonFields fields)
    {
        if (fields.IsEmpty)
        {
            fields.Errors.Add(new("", "The body changes nothing; send at least one member."));
        }

        fields.Forbid("name", "The name cannot be changed; create another key.");
        fields.Forbid("agent", "The agent cannot be changed; create another key.");
        var limits = fields.Object("limits");
        var request = new UpdateVirtualKeyRequest
        {
            Providers = fields.Texts("providers"),
            Models = fields.Texts("models"),
            Limits = new(limits.IsPresent, limits.Value is { } members ? LimitsRequest.Read(members) : null),
            ExpiresAt = fields.Time("expires_at"),
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>A virtual key's <c>limits</c> in a body: omitted members stay, null members are lifted.</summary>
internal sealed class LimitsRequest
{
    public Optional<int?> RequestsPerMinute { get; init; }

    public Optional<int?> MaxConcurrent { get; init; }

    public Optional<long?> TokensPerDay { get; init; }

    public static LimitsRequest Read(JsonFields fields)
    {
        var request = new LimitsRequest
        {
            RequestsPerMinute = Positive(fields, "requests_per_minute"),
            MaxConcurrent = Positive(fields, "max_concurrent"),
            TokensPerDay = Positive(fields, "tokens_per_day", long.MaxValue),
        };
        fields.RejectUnknown();
        return request;
    }

    public VirtualKeyLimits ApplyTo(VirtualKeyLimits current) => new()
    {
        RequestsPerMinute = RequestsPerMinute.Or(current.RequestsPerMinute),
        MaxConcurrent = MaxConcurrent.Or(current.MaxConcurrent),
        TokensPerDay = TokensPerDay.Or(current.TokensPerDay),
    };

    private static Optional<int?> Positive(JsonFields fields, string name)
    {
        var number = Positive(fields, name, int.MaxValue);
        return new(number.IsPresent, (int?)number.Value);
    }

    private static Optional<long?> Positive(JsonFields fields, string name, long max)
    {
        var number = fields.Number(name);
        if (number.Value is null || (number.Value >= 1 && number.Value <= max))
        {
            return number;
        }

        fields.Errors.Add(new(fields.PathOf(name), "A limit must be at least 1 and not absurdly large; null lifts it."));
        return default;
    }
}
