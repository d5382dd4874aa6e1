namespace Trinity.ControlPlane.Settings;

/// <summary>What operators set at run time, for the whole installation.</summary>
internal sealed record OperatorSettings
{
    public static OperatorSettings Default { get; } = new();

    /// <summary>Whether an agent whose subscription is refused is moved to another one.</summary>
    public bool AutoSwitchSubscriptions { get; init; } = true;

    /// <summary>Whether an agent for which no other subscription is left goes on with its provider's own keys.</summary>
    public bool SubscriptionApiKeyFallback { get; init; } = true;
}

/// <summary>The settings' names in the database and in the API.</summary>
internal static class SettingKeys
{
    public const string AutoSwitchSubscriptions = "auto_switch_subscriptions";
    public const string SubscriptionApiKeyFallback = "subscription_api_key_fallback";
}
