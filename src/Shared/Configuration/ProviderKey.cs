using Trinity.Shared.Secrets;

namespace Trinity.Shared.Configuration;

/// <summary>One of a provider's credentials. The lowest <see cref="Ordinal"/> is tried first.</summary>
public sealed record ProviderKey
{
    public required Guid Id { get; init; }

    public required int Ordinal { get; init; }

    public string? Name { get; init; }

    public required SecretString Secret { get; init; }

    /// <summary>The masked form, which records and API replies show.</summary>
    public required string Hint { get; init; }
}
