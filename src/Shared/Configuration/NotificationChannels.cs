namespace Trinity.Shared.Configuration;

/// <summary>Postgres NOTIFY channels that say "the configuration changed, read it again". Payloads are empty: nothing secret is on the bus.</summary>
public static class NotificationChannels
{
    /// <summary>Providers or provider keys changed.</summary>
    public const string AiProviders = "ai_providers_changed";

    /// <summary>Virtual keys changed.</summary>
    public const string VirtualKeys = "virtual_keys_changed";

    /// <summary>Agents changed: a control plane has a credential to deliver, or a container to look after.</summary>
    public const string Agents = "agents_changed";

    /// <summary>A provider refused a credential that a caller brought; control planes look whether it is a subscription of ours.</summary>
    public const string CredentialRefused = "credential_refused";
}
