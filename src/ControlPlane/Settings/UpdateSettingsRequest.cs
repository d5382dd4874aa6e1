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

    [JsonIgnore]
    public IReadOnlyList<ConfigError> Errors { get; init; } = [];

    public static UpdateSettingsRequest Read(JsonFields fields)
    {
        var request = new UpdateSettingsRequest
        {
            AutoSwitchSubscriptions = fields.Flag(SettingKeys.AutoSwitchSubscriptions),
            SubscriptionApiKeyFallback = fields.Flag(SettingKeys.SubscriptionApiKeyFallback),
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
    public IEnumerable<(string Key, bool? Value)> Changes()
    {
        if (AutoSwitchSubscriptions.IsPresent)
        {
            yield return (SettingKeys.AutoSwitchSubscriptions, AutoSwitchSubscriptions.Value);
        }

        if (SubscriptionApiKeyFallback.IsPresent)
        {
            yield return (SettingKeys.SubscriptionApiKeyFallback, SubscriptionApiKeyFallback.Value);
        }
    }
}
