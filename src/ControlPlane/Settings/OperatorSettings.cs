namespace Trinity.ControlPlane.Settings;

/// <summary>What operators set at run time, for the whole installation.</summary>
internal sealed record OperatorSettings
{
    public static OperatorSettings Default { get; } = new();

    /// <summary>Whether an agent whose subscription is refused is moved to another one.</summary>
    public bool AutoSwitchSubscriptions { get; init; } = true;

    /// <summary>Whether an agent for which no other subscription is left goes on with its provider's own keys.</summary>
    public bool SubscriptionApiKeyFallback { get; init; } = true;

    /// <summary>Whether looking at an account asks its provider when what is known is old; a refresh that is asked for always does.</summary>
    public bool SubscriptionHeadroomAutoRefresh { get; init; } = true;

    /// <summary>New work stops at this share of a subscription's fullest limit, in percent, unless the subscription has a ceiling of its own; 100: only at the limit itself.</summary>
    public int SoftCeilingPercent { get; init; } = 80;
}

/// <summary>The settings' names in the database and in the API.</summary>
internal static class SettingKeys
{
    public const string AutoSwitchSubscriptions = "auto_switch_subscriptions";
    public const string SubscriptionApiKeyFallback = "subscription_api_key_fallback";
    public const string SubscriptionHeadroomAutoRefresh = "subscription_headroom_auto_refresh";
    public const string SoftCeilingPercent = "soft_ceiling_percent";
}
