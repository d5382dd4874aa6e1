using System.Globalization;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>What a worker must know of the control plane's settings: its environment has them, and nothing else of ours.</summary>
/// <param name="Providers">Where it asks.</param>
/// <param name="AllowPrivateUpstreams">As <see cref="ControlPlaneOptions.AllowPrivateUpstreams"/>.</param>
internal sealed record WorkerSettings(UsageProviders Providers, bool AllowPrivateUpstreams)
{
    private const string Anthropic = "TRINITY_PROBE_ANTHROPIC";
    private const string Codex = "TRINITY_PROBE_CODEX";
    private const string OpenRouter = "TRINITY_PROBE_OPENROUTER";
    private const string AllowPrivate = "TRINITY_PROBE_ALLOW_PRIVATE_UPSTREAMS";

    public static WorkerSettings Of(ControlPlaneOptions controlPlane, AccountUsageOptions accountUsage) =>
        new(UsageProviders.Of(controlPlane, accountUsage), controlPlane.AllowPrivateUpstreams);

    /// <summary>As the worker reads them; what is missing is the default.</summary>
    public static WorkerSettings FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        var (anthropic, codex, openRouter) = UsageProviders.Of(new ControlPlaneOptions(), new AccountUsageOptions());
        return new WorkerSettings(
            new UsageProviders(environment.GetValueOrDefault(Anthropic, anthropic), environment.GetValueOrDefault(Codex, codex), environment.GetValueOrDefault(OpenRouter, openRouter)),
            bool.TryParse(environment.GetValueOrDefault(AllowPrivate), out var isAllowed) && isAllowed);
    }

    public IEnumerable<KeyValuePair<string, string>> ToEnvironment() =>
    [
        new(Anthropic, Providers.Anthropic),
        new(Codex, Providers.Codex),
        new(OpenRouter, Providers.OpenRouter),
        new(AllowPrivate, AllowPrivateUpstreams.ToString(CultureInfo.InvariantCulture)),
    ];
}
