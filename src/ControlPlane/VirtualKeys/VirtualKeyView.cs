using System.Text.Json.Serialization;
using Trinity.ControlPlane.Rollouts;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary>A virtual key as the API shows it: its hint, and the key itself only in the reply that made it.</summary>
internal sealed record VirtualKeyView
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Hint { get; init; }

    /// <summary>The key itself, in the reply to POST and never again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    /// <summary><c>active</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string Status { get; init; }

    public required string? Agent { get; init; }

    /// <summary>Null: all.</summary>
    public required IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Null: all.</summary>
    public required IReadOnlyList<string>? Models { get; init; }

    /// <summary>Null: none.</summary>
    public required VirtualKeyLimits? Limits { get; init; }

    public required DateTime? ExpiresAt { get; init; }

    public required DateTime? RevokedAt { get; init; }

    public required long Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>Only in replies to writes that waited for the fleet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AppliedReport? Applied { get; init; }

    public static VirtualKeyView Of(VirtualKeyRow row, DateTimeOffset now) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Hint = row.Hint,
        Status = row.RevokedAt is not null ? "revoked" : row.ExpiresAt <= now.UtcDateTime ? "expired" : "active",
        Agent = row.Agent,
        Providers = row.Providers,
        Models = row.Models,
        Limits = row.Limits is null ? null : VirtualKeyLimits.FromJson(row.Limits),
        ExpiresAt = row.ExpiresAt,
        RevokedAt = row.RevokedAt,
        Version = row.Version,
        CreatedAt = row.CreatedAt,
    };

    // A record prints its members, and one of these is a secret.
    public override string ToString() => $"virtual key {Name} ({Hint})";
}
