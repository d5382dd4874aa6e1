using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Settings;

/// <summary>Body of <c>PATCH /settings</c>. Omitted: unchanged; null: the default again.</summary>
internal sealed class UpdateSettingsRequest
{
    /// <summary>Whether an agent whose subscription is refused is moved to another one; true unless set.</summary>
    public Optional<bool?> AutoSwitchSubscriptions { get; init; }

    /// <summary>Whether an agent for which no other subscription is left goes on with its provider's own keys, through the bridge; true unless set.</summary>
    public Optional<bool?> SubscriptionApiKeyFallback { get; init; }

    /// <summary>Whether looking at an account asks its provider when what is known is old; true unless set.</summary>
    public Optional<bool?> SubscriptionHeadroomAutoRefresh { get; init; }

    /// <summary>New work stops at this share of a subscription's fullest limit, from 1 to 100 percent; 80 unless set.</summary>
    public Optional<int?> SoftCeilingPercent { get; init; }

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static UpdateSettingsRequest Read(JsonFields fields)
    {
        var request = new UpdateSettingsRequest
        {
            AutoSwitchSubscriptions = fields.Flag(SettingKeys.AutoSwitchSubscriptions),
            SubscriptionApiKeyFallback = fields.Flag(SettingKeys.SubscriptionApiKeyFallback),
            SubscriptionHeadroomAutoRefresh = fields.Flag(SettingKeys.SubscriptionHeadroomAutoRefresh),
            SoftCeilingPercent = fields.Percent(SettingKeys.SoftCeilingPercent),
            Errors = fields.Errors,
        };
        fields.RejectUnknown();
        if (fields.IsEmpty)
        {
            fields.Errors.Add(new("", "The body names no setting."));
        }

        return request;
    }

    /// <summary>What is to be changed, by the setting's name.</summary>
    public IEnumerable<(string Key, JsonNode? Value)> Changes()
    {
        if (AutoSwitchSubscriptions.IsPresent)
        {
            yield return (SettingKeys.AutoSwitchSubscriptions, AutoSwitchSubscriptions.Value);
        }

        if (SubscriptionApiKeyFallback.IsPresent)
        {
            yield return (SettingKeys.SubscriptionApiKeyFallback, SubscriptionApiKeyFallback.Value);
        }

        if (SubscriptionHeadroomAutoRefresh.IsPresent)
        {
            yield return (SettingKeys.SubscriptionHeadroomAutoRefresh, SubscriptionHeadroomAutoRefresh.Value);
        }

        if (SoftCeilingPercent.IsPresent)
        {
            yield return (SettingKeys.SoftCeilingPercent, SoftCeilingPercent.Value);
        }
    }
}
