namespace Trinity.AiBridge.Reload;

/// <summary>The configuration as the database holds it, secrets still encrypted, at one revision. Also the form of the last good copy on disk.</summary>
internal sealed record ConfigRows
{
    public required long Revision { get; init; }

    public required IReadOnlyList<ProviderRow> Providers { get; init; }

    public required IReadOnlyList<ProviderKeyRow> ProviderKeys { get; init; }

    public required IReadOnlyList<VirtualKeyRow> VirtualKeys { get; init; }
}

internal sealed record ProviderRow
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string Type { get; init; } = "";
    public string BaseUrl { get; init; } = "";
    public bool Enabled { get; init; }
    public byte[]? SettingsCipher { get; init; }
    public string? SettingsKeyId { get; init; }
}

internal sealed record ProviderKeyRow
{
    public Guid Id { get; init; }
    public Guid ProviderId { get; init; }
    public int Ordinal { get; init; }
    public string? Name { get; init; }
    public byte[] SecretCipher { get; init; } = [];
    public string CipherKeyId { get; init; } = "";
    public string Hint { get; init; } = "";
}

internal sealed record VirtualKeyRow
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public byte[] Hash { get; init; } = [];
    public string? Agent { get; init; }
    public string[]? Providers { get; init; }
    public string[]? Models { get; init; }
    public string? Limits { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
}
