using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>Body of <c>POST /subscriptions</c>: a new subscription, or, under the name of one that exists, its new token.</summary>
internal sealed class PutSubscriptionRequest
{
    /// <summary>1 to 64 letters, digits and . _ @ -</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>What <c>claude setup-token</c> printed. Never shown again.</summary>
    [Required]
    public string? Token { get; init; }

    /// <summary>The kind of plan, for people: <c>pro</c>, <c>max</c>, <c>team</c>; omitted: unchanged.</summary>
    public Optional<string?> Type { get; init; }

    /// <summary>The plan's rate limit tier, for people; omitted: unchanged.</summary>
    public Optional<string?> Tier { get; init; }

    /// <summary>New work stops at this share of its fullest limit, from 1 to 100 percent; null: at the settings' default; omitted: unchanged.</summary>
    public Optional<int?> SoftCeilingPercent { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static PutSubscriptionRequest Read(JsonFields fields)
    {
        var request = new PutSubscriptionRequest
        {
            Name = fields.Raw("name").Value,
            Token = fields.Raw("token").Value,
            Type = fields.Text("type", maxLength: 64),
            Tier = fields.Text("tier", maxLength: 64),
            SoftCeilingPercent = fields.Percent("soft_ceiling_percent"),
            Errors = fields.Errors,
        };
        if ((request.Name is null || !VirtualKeyRules.IsName(request.Name)) && fields.Errors.TrueForAll(error => error.Field != "name"))
        {
            fields.Errors.Add(new("name", "A name of 1 to 64 letters, digits and . _ @ - is required; it must not look like an id (a UUID)."));
        }

        SubscriptionToken.Check(request.Token, fields.Errors);
        fields.RejectUnknown();
        return request;
    }
}

/// <summary>Body of <c>POST /subscriptions/test</c>: a token before it is saved, or the name of a saved one.</summary>
internal sealed class TestSubscriptionRequest
{
    public string? Token { get; init; }

    /// <summary>A subscription's name or id.</summary>
    public string? Subscription { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static TestSubscriptionRequest Read(JsonFields fields)
    {
        var request = new TestSubscriptionRequest { Token = fields.Raw("token").Value, Subscription = fields.Raw("subscription").Value, Errors = fields.Errors };
        if (fields.Errors.Count == 0 && request.Token is null == request.Subscription is null)
        {
            fields.Errors.Add(new("token", "Send either a token, or the name of a subscription whose token is to be tested."));
        }
        else if (request.Token is not null)
        {
            SubscriptionToken.Check(request.Token, fields.Errors);
        }

        fields.RejectUnknown();
        return request;
    }
}

/// <summary>What a subscription's token looks like.</summary>
internal static class SubscriptionToken
{
    /// <summary>What <c>claude setup-token</c> gives out begins so.</summary>
    private const string UsualPrefix = "sk-ant-oat";

    public static void Check(string? token, List<ConfigError> errors)
    {
        if (token is null)
        {
            if (errors.TrueForAll(error => error.Field != "token"))
            {
                errors.Add(new("token", "A token is required: what 'claude setup-token' printed."));
            }
        }
        else
        {
            ProviderValidator.ValidateSecret(token, "token", errors);
        }
    }

    /// <summary>What is odd about a token that is accepted all the same.</summary>
    public static IReadOnlyList<string> WarningsOf(string token) => token.StartsWith(UsualPrefix, StringComparison.Ordinal)
        ? []
        : [$"The token does not begin with {UsualPrefix}, as those of 'claude setup-token' do; an API key belongs to a provider instead."];
}
