using System.Text.Json;
using System.Text.Json.Serialization;

namespace Trinity.Shared.Limits;

/// <summary>How far a subscription's limits are used up, as its provider said with one reply. What is null it did not say.</summary>
public sealed record PlanLimits
{
    /// <summary>The provider's verdict over all windows, such as <c>allowed</c>, <c>allowed_warning</c>, <c>rejected</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The window that the verdict is about.</summary>
    public string? Claim { get; init; }

    /// <summary>When that window begins anew.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    public PlanWindow? FiveHour { get; init; }

    public PlanWindow? SevenDay { get; init; }

    /// <summary>When all that refuses now will serve again; null: nothing is said to refuse, or not until when.</summary>
    [JsonIgnore]
    public DateTimeOffset? ServesAgainAt
    {
        get
        {
            DateTimeOffset? latest = null;
            foreach (var window in (PlanWindow?[])[FiveHour, SevenDay])
            {
                if (window is { Refuses: true, ResetsAt: { } resetsAt } && (latest is null || resetsAt > latest))
                {
                    latest = resetsAt;
                }
            }

            return latest ?? (Refuses(Status) ? ResetsAt : null);
        }
    }

    /// <summary>Whether a status means that requests are refused. Known to serve are two; a status that we do not know refuses.</summary>
    public static bool Refuses(string? status) => status is not (null or "allowed" or "allowed_warning");

    public string ToJson() => JsonSerializer.Serialize(this, PlanLimitsJson.Default.PlanLimits);

    /// <exception cref="JsonException">The text is no such object.</exception>
    public static PlanLimits? FromJson(string json) => JsonSerializer.Deserialize(json, PlanLimitsJson.Default.PlanLimits);
}

/// <summary>One of a plan's windows.</summary>
public sealed record PlanWindow
{
    /// <summary>Used up, as a fraction; 1 is all.</summary>
    public double? Utilization { get; init; }

    /// <summary>When the window begins anew.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    public string? Status { get; init; }

    [JsonIgnore]
    public bool Refuses => PlanLimits.Refuses(Status);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PlanLimits))]
internal sealed partial class PlanLimitsJson : JsonSerializerContext;
