using Npgsql;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>The one place that says what an agent works with: its row, and what that names.</summary>
internal sealed class CredentialSource(SubscriptionStore subscriptions, ProviderStore providers, ProviderSecrets providerSecrets, AgentSecrets secrets)
{
    /// <returns>The credential, or why there can be none now.</returns>
    public async Task<(AgentCredential? Credential, string? Problem)> OfAsync(NpgsqlConnection connection, AgentRow agent, CancellationToken cancellationToken) => agent.Auth switch
    {
        AgentAuth.Subscription => await OfSubscriptionAsync(connection, agent, cancellationToken),
        AgentAuth.ApiKey when agent.Via == AgentVia.Bridge => ThroughBridge(agent, AgentCredential.None),
        AgentAuth.ApiKey => await OfProviderAsync(connection, agent, cancellationToken),
        _ => (AgentCredential.None, null),
    };

    private async Task<(AgentCredential?, string?)> OfSubscriptionAsync(NpgsqlConnection connection, AgentRow agent, CancellationToken cancellationToken)
    {
        if (await subscriptions.FindAsync(connection, new IdOrName(agent.SubscriptionId, null), cancellationToken) is not { } subscription)
        {
            return (null, "Its subscription is gone.");
        }

        if (secrets.Token(subscription) is not { } token)
        {
            return (null, $"The token of subscription '{subscription.Name}' cannot be decrypted: the encryption key that made it is missing. Register the subscription again.");
        }

        var credential = new AgentCredential { SubscriptionId = subscription.Id, Token = token.Reveal() };
        if (agent.Via == AgentVia.Bridge)
        {
            return ThroughBridge(agent, credential);
        }

        var provider = await providers.FindAsync(connection, new IdOrName(null, agent.Provider), cancellationToken);
        return (provider is { Enabled: true } ? credential with { BaseUrl = AddressOf(provider) } : AgentCredential.None, null);
    }

    // A provider that was deleted or disabled, and one without a key, is a credential taken away: the agent is not to keep what it had.
    private async Task<(AgentCredential?, string?)> OfProviderAsync(NpgsqlConnection connection, AgentRow agent, CancellationToken cancellationToken)
    {
        if (await providers.FindAsync(connection, new IdOrName(null, agent.Provider), cancellationToken) is not { Enabled: true } provider
            || (await providers.ListKeysAsync(connection, [provider.Id], cancellationToken))[provider.Id].ToList() is not { Count: > 0 } keys)
        {
            return (AgentCredential.None, null);
        }

        return keys.Select(providerSecrets.Reveal).FirstOrDefault(key => key is not null) is { } key
            ? (new AgentCredential { ApiKey = key.Reveal(), BaseUrl = AddressOf(provider) }, null)
            : (null, $"No key of provider '{agent.Provider}' can be decrypted: the encryption key that made them is missing.");
    }

    private (AgentCredential?, string?) ThroughBridge(AgentRow agent, AgentCredential own) => secrets.VirtualKey(agent) is { } key
        ? (own with { VirtualKey = key.Reveal(), BaseUrl = $"{agent.BridgeUrl}/{agent.Provider}" }, null)
        : (null, "The agent's virtual key cannot be decrypted: the encryption key that made it is missing. Give the agent a new one with rotate-key.");

    private static string AddressOf(ProviderRow provider) => provider.BaseUrl.TrimEnd('/');
}
