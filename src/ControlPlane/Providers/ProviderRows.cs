using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Providers;

/// <summary>A row of <c>ai_providers</c>.</summary>
internal sealed record ProviderRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Type { get; init; }

    public string? DisplayName { get; init; }

    public required string BaseUrl { get; init; }

    public required bool Enabled { get; init; }

    public byte[]? SettingsCipher { get; init; }

    public string? SettingsKeyId { get; init; }

    public long Version { get; init; } = 1;

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }

    public ProtectedSecret? ProtectedSettings => SettingsCipher is null ? null : new ProtectedSecret(SettingsCipher, SettingsKeyId!);
}

/// <summary>A row of <c>ai_provider_keys</c>.</summary>
internal sealed record ProviderKeyRow
{
    public required Guid Id { get; init; }

    public required Guid ProviderId { get; init; }

    public required int Ordinal { get; init; }

    public string? Name { get; init; }

    public required byte[] SecretCipher { get; init; }

    public required string CipherKeyId { get; init; }

    public required string Hint { get; init; }

    public DateTime CreatedAt { get; init; }

    public ProtectedSecret ProtectedSecret => new(SecretCipher, CipherKeyId);
}

/// <summary>An error about a provider that a live bridge replica reports.</summary>
internal sealed record ReportedError
{
    public required Guid ProviderId { get; init; }

    public required string Address { get; init; }

    public required string Message { get; init; }
}
