using System.Text.Json;
using System.Text.Json.Serialization;

namespace Trinity.Shared.Limits;

/// <summary>How far an account's limits are used up, as its provider said at one moment. What is null it did not say.</summary>
public sealed record PlanLimits
{
    /// <summary>The plan's name, such as <c>max</c> or <c>plus</c>.</summary>
    public string? Plan { get; init; }

    /// <summary>The provider's verdict over all windows, such as <c>allowed</c>, <c>allowed_warning</c>, <c>rejected</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The window that the verdict is about.</summary>
    public string? Claim { get; init; }

    /// <summary>When that window begins anew.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>The limits by window, in the provider's order.</summary>
    public IReadOnlyList<PlanWindow> Windows { get; init; } = [];

    /// <summary>Money, where the account has a balance or a ceiling of it.</summary>
    public PlanCredit? Credit { get; init; }

    /// <summary>Whether the provider said nothing at all.</summary>
    [JsonIgnore]
    public bool IsEmpty => Windows.Count == 0 && this is { Plan: null, Status: null, Claim: null, ResetsAt: null, Credit: null };

    /// <summary>When all that refuses now will serve again; null: nothing is said to refuse, or not until when.</summary>
    [JsonIgnore]
    public DateTimeOffset? ServesAgainAt => Windows.Where(window => window.Refuses).Max(window => window.ResetsAt) ?? (Refuses(Status) ? ResetsAt : null);

    /// <summary>Whether a status means that requests are refused. Known to serve are two; a status that we do not know refuses.</summary>
    public static bool Refuses(string? status) => status is not (null or "allowed" or "allowed_warning");

    /// <summary>The window of that name, one of <see cref="PlanWindows"/>.</summary>
    public PlanWindow? Window(string name) => Windows.FirstOrDefault(window => window.Name == name);

    public string ToJson() => JsonSerializer.Serialize(this, PlanLimitsJson.Default.PlanLimits);

    /// <exception cref="JsonException">The text is no such object.</exception>
    public static PlanLimits? FromJson(string json) => JsonSerializer.Deserialize(json, PlanLimitsJson.Default.PlanLimits);
}

/// <summary>One of an account's windows.</summary>
public sealed record PlanWindow
{
    /// <summary>One of <see cref="PlanWindows"/>, or the provider's own name for it.</summary>
    public required string Name { get; init; }

    /// <summary>Used up, as a fraction; 1 is all.</summary>
    public double? Utilization { get; init; }

    /// <summary>When the window begins anew.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>The provider's verdict on this window alone.</summary>
    public string? Status { get; init; }

    /// <summary>The window's length, in minutes.</summary>
    public int? Minutes { get; init; }

    [JsonIgnore]
    public bool Refuses => PlanLimits.Refuses(Status);
}

/// <summary>What an account has to spend.</summary>
public sealed record PlanCredit
{
    public const string Dollars = "usd";

    public const string Credits = "credits";

    /// <summary>Of the figures: <see cref="Dollars"/>, or <see cref="Credits"/> of the provider's own.</summary>
    public string Unit { get; init; } = Dollars;

    /// <summary>The most that may be spent; null: no ceiling is known.</summary>
    public double? Limit { get; init; }

    /// <summary>What has been spent.</summary>
    public double? Used { get; init; }

    /// <summary>What is left.</summary>
    public double? Remaining { get; init; }
}

/// <summary>The windows that we know.</summary>
public static class PlanWindows
{
    public const string FiveHour = "five_hour";

    public const string SevenDay = "seven_day";

    /// <summary>A week of the largest models.</summary>
    public const string SevenDayOpus = "seven_day_opus";

    public const string SevenDaySonnet = "seven_day_sonnet";

    /// <summary>Codex's first window, of five hours today; its length is in <see cref="PlanWindow.Minutes"/>.</summary>
    public const string Primary = "primary";

    /// <summary>Codex's second window, of a week today.</summary>
    public const string Secondary = "secondary";

    /// <summary>Requests in the provider's rate window, of an API key.</summary>
    public const string Requests = "requests";

    /// <summary>Tokens in the provider's rate window, of an API key.</summary>
    public const string Tokens = "tokens";

    public const string InputTokens = "input_tokens";

    public const string OutputTokens = "output_tokens";

    /// <summary>Money that may be spent.</summary>
    public const string Credit = "credit";

    /// <summary>Whether the window fills up for minutes only, and so says nothing of whether there is work left in the account.</summary>
    public static bool IsRate(string name) => name is Requests or Tokens or InputTokens or OutputTokens;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PlanLimits))]
internal sealed partial class PlanLimitsJson : JsonSerializerContext;
