namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Where each channel asks.</summary>
/// <param name="Anthropic">The vendor's API, without <c>/v1</c>.</param>
/// <param name="Codex">ChatGPT's backend, or another with <c>/api/codex/usage</c>.</param>
/// <param name="OpenRouter">The API, with <c>/v1</c>.</param>
internal sealed record UsageProviders(string Anthropic, string Codex, string OpenRouter)
{
    public static UsageProviders Of(ControlPlaneOptions controlPlane, AccountUsageOptions accountUsage) =>
        new(controlPlane.SubscriptionProvider, accountUsage.CodexProvider, accountUsage.OpenRouterProvider);
}
