namespace Trinity.Shared.Configuration;

/// <summary>A provider as the operator asked for it, with its secrets decrypted.</summary>
/// <remarks>Immutable; a change makes a new instance with another <see cref="ConfigRevision"/>.</remarks>
public sealed record ProviderConfig
{
    public required Guid Id { get; init; }

    /// <summary>The path segment clients use: <c>/{name}/…</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One of <see cref="ProviderTypes"/>.</summary>
    public required string Type { get; init; }

    public required string BaseUrl { get; init; }

    public required bool Enabled { get; init; }

    public ProviderSettings Settings { get; init; } = ProviderSettings.Default;

    /// <summary>In the order they are tried.</summary>
    public IReadOnlyList<ProviderKey> Keys { get; init; } = [];
}
