using System.Collections.Frozen;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Configuration;

/// <summary>Everything a request needs to know, as of one revision of the database. Immutable; a request reads it once.</summary>
internal sealed class ConfigSnapshot
{
    /// <summary>The <c>config_revision</c> that the snapshot was read at.</summary>
    public required long Revision { get; init; }

    /// <summary>The revision that it serves in full: an older one while <see cref="IsWhole"/> is false, so that nobody takes a change for applied that is not.</summary>
    public required long Generation { get; init; }

    /// <summary>False while a provider stays as it was, or out, because its row cannot be read now.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>Providers by name, disabled and unusable ones included.</summary>
    public required FrozenDictionary<string, ProviderModel> Providers { get; init; }

    public required FrozenDictionary<VirtualKeyHash, VirtualKeyConfig> VirtualKeys { get; init; }

    /// <summary>What is wrong with it, provider by provider; reported to the operators.</summary>
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];

    /// <summary>Whether this very revision of the provider is in the snapshot and may serve.</summary>
    public bool Serves(ProviderModel provider) =>
        Providers.TryGetValue(provider.Name, out var current)
        && current.State == ProviderState.Enabled
        && current.Id == provider.Id
        && current.Revision == provider.Revision;
}

/// <summary>One provider that cannot serve, and why.</summary>
internal sealed record ConfigProblem(Guid ProviderId, string Name, string Message);
