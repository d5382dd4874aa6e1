using System.Text.Json.Serialization;
using Trinity.ControlPlane.Rollouts;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>A provider as the API shows it: no credential, only masked hints.</summary>
internal sealed record ProviderView
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string? DisplayName { get; init; }

    public required string BaseUrl { get; init; }

    public required bool Enabled { get; init; }

    /// <summary>In the order in which they are tried.</summary>
    public required IReadOnlyList<ProviderKeyView> ApiKeys { get; init; }

    public required ProviderSettingsView? Settings { get; init; }

    public required long Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    public required ProviderStatusView Status { get; init; }

    /// <summary>Only in replies to writes that waited for the fleet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AppliedReport? Applied { get; init; }
}

/// <summary>A credential's masked form.</summary>
internal sealed record ProviderKeyView(Guid Id, string? Name, string Hint, int Ordinal, DateTime CreatedAt);

/// <summary>A provider's settings; header values are masked.</summary>
internal sealed record ProviderSettingsView(IReadOnlyDictionary<string, string> ExtraHeaders, bool? IncludeUsage, int? FirstByteTimeoutSeconds, int? IdleTimeoutSeconds, CircuitBreakerSettings? CircuitBreaker);

/// <summary>Whether the provider serves.</summary>
/// <param name="State"><c>enabled</c>, <c>disabled</c> or <c>error</c>.</param>
/// <param name="Warnings">What an operator should look at.</param>
internal sealed record ProviderStatusView(string State, IReadOnlyList<string> Warnings);
