using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.AccountUsage.Accounts;

/// <summary>Something with limits: a subscription, a provider with its keys, or a home with a CLI's login.</summary>
internal abstract record UsageAccount
{
    public const string Subscription = "subscription";
    public const string Provider = "provider";
    public const string Home = "home";

    /// <summary>As the API names it.</summary>
    public required string Id { get; init; }

    /// <summary>What can be asked about; more than one where each key has an account of its own.</summary>
    public IReadOnlyList<UsageSubject> Subjects { get; init; } = [];

    /// <summary>What the database may know it by.</summary>
    public abstract IEnumerable<string> Credentials { get; }

    /// <summary>The names that probes and history are kept under.</summary>
    public abstract IEnumerable<string> Keys { get; }
}

internal sealed record SubscriptionAccount : UsageAccount
{
    public required Candidate Candidate { get; init; }

    public string Key => KeyOf(Candidate.Id);

    public override IEnumerable<string> Credentials => [Candidate.Fingerprint];

    public override IEnumerable<string> Keys => [Key];

    public static string KeyOf(Guid id) => $"subscription:{id}";
}

internal sealed record ProviderAccount : UsageAccount
{
    public required ProviderRow Row { get; init; }

    public required IReadOnlyList<ProviderKeyRow> ProviderKeys { get; init; }

    /// <summary>Keys that cannot be decrypted.</summary>
    public required IReadOnlySet<Guid> Dead { get; init; }

    public override IEnumerable<string> Credentials => Keys;

    public override IEnumerable<string> Keys => ProviderKeys.Select(key => KeyOf(key.Id));

    /// <summary>A key's secret never changes under its id, so the id names its credential as well.</summary>
    public static string KeyOf(Guid id) => $"key:{id}";
}

internal sealed record HomeAccount : UsageAccount
{
    public required string Channel { get; init; }

    /// <summary>Of the credential in the home; empty: there is none.</summary>
    public required string Fingerprint { get; init; }

    public required string? Plan { get; init; }

    /// <summary>Why it cannot be asked about.</summary>
    public required string? Problem { get; init; }

    public override IEnumerable<string> Credentials => Fingerprint.Length == 0 ? [] : [Fingerprint];

    public override IEnumerable<string> Keys => [Id];
}
