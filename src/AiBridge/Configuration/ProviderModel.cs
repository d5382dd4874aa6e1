using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Configuration;

/// <summary>Whether a provider can serve.</summary>
internal enum ProviderState
{
    Enabled,
    Disabled,

    /// <summary>Its configuration is unusable; it answers 503 and the others serve.</summary>
    Error,
}

/// <summary>A provider as this replica runs it. Immutable; replaced as a whole when its revision changes.</summary>
internal sealed record ProviderModel(ProviderConfig Config, string Revision, ProviderState State)
{
    public Guid Id => Config.Id;

    public string Name => Config.Name;
}
