using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Body of <c>POST /subscriptions/simulate</c>.</summary>
internal sealed class SimulateRequest
{
    /// <summary>The name or id of the subscription that would fail.</summary>
    [Required]
    public string? Subscription { get; init; }

    /// <summary><c>rate_limit</c> or <c>auth</c>; <c>rate_limit</c> when it is omitted.</summary>
    [JsonIgnore]
    public FailureKind Kind { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static SimulateRequest Read(JsonFields fields)
    {
        var kind = fields.Raw("kind").Value ?? FailureKinds.NameOf(FailureKind.RateLimit);
        var request = new SimulateRequest { Subscription = fields.Text("subscription").Value, Kind = FailureKinds.Parse(kind), Errors = fields.Errors };
        if (kind != FailureKinds.NameOf(request.Kind))
        {
            fields.Errors.Add(new("kind", "This must be rate_limit or auth."));
        }

        if (request.Subscription is null && fields.Errors.TrueForAll(error => error.Field != "subscription"))
        {
            fields.Errors.Add(new("subscription", "The name or id of a subscription is required."));
        }

        fields.RejectUnknown();
        return request;
    }
}
