using System.Reflection;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Configuration;

public sealed class ConfigRevisionTests
{
    /// <summary>What no bridge is built from. Keys are tried in the order of the list, which the loader makes from the ordinals.</summary>
    private static readonly string[] Ignored =
    [
        $"{nameof(ProviderKey)}.{nameof(ProviderKey.Hint)}",
        $"{nameof(ProviderKey)}.{nameof(ProviderKey.Name)}",
        $"{nameof(ProviderKey)}.{nameof(ProviderKey.Ordinal)}",
    ];

    public static TheoryData<string, string> Properties()
    {
        var data = new TheoryData<string, string>();
        foreach (var type in (Type[])[typeof(ProviderConfig), typeof(ProviderSettings), typeof(CircuitBreakerSettings), typeof(ProviderKey)])
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                data.Add(type.Name, property.Name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void Of_PropertyChanged_ChangesUnlessIgnored(string type, string property)
    {
        var before = Sample();
        var after = type switch
        {
            nameof(ProviderConfig) => Mutate(before, property),
            nameof(ProviderSettings) => before with { Settings = Mutate(before.Settings, property) },
            nameof(CircuitBreakerSettings) => before with { Settings = before.Settings with { CircuitBreaker = Mutate(before.Settings.CircuitBreaker!, property) } },
            _ => before with { Keys = [Mutate(before.Keys[0], property), before.Keys[1]] },
        };

        var isIgnored = Ignored.Contains($"{type}.{property}", StringComparer.Ordinal);
        Assert.Equal(isIgnored, ConfigRevision.Of(before) == ConfigRevision.Of(after));
    }

    [Fact]
    public void Ignored_NamesPropertiesThatExist() =>
        Assert.All(Ignored, name => Assert.Contains(Properties(), row => name == $"{row.Data.Item1}.{row.Data.Item2}"));

    [Fact]
    public void Of_SameContent_IsTheSame() => Assert.Equal(ConfigRevision.Of(Sample()), ConfigRevision.Of(Sample()));

    [Fact]
    public void Of_HeadersInAnotherOrderOrCase_IsTheSame()
    {
        var one = WithHeaders(("x-a", "1"), ("x-b", "2"), ("x-c", "3"));
        Assert.Equal(ConfigRevision.Of(one), ConfigRevision.Of(WithHeaders(("x-c", "3"), ("x-a", "1"), ("x-b", "2"))));
        Assert.Equal(ConfigRevision.Of(one), ConfigRevision.Of(WithHeaders(("X-A", "1"), ("X-B", "2"), ("X-C", "3"))));
    }

    [Fact]
    public void Of_HeaderChanged_Changes()
    {
        var one = ConfigRevision.Of(WithHeaders(("x-a", "1"), ("x-b", "2")));
        Assert.NotEqual(one, ConfigRevision.Of(WithHeaders(("x-a", "2"), ("x-b", "1"))));
        Assert.NotEqual(one, ConfigRevision.Of(WithHeaders(("x-a", "1"))));
        Assert.NotEqual(one, ConfigRevision.Of(WithHeaders(("x-a", "1"), ("x-b", "2"), ("x-c", "3"))));
        Assert.NotEqual(ConfigRevision.Of(WithHeaders(("x-ab", "c"))), ConfigRevision.Of(WithHeaders(("x-a", "bc"))));
    }

    [Fact]
    public void Of_KeysInAnotherOrder_Changes()
    {
        var provider = Sample();
        Assert.NotEqual(ConfigRevision.Of(provider), ConfigRevision.Of(provider with { Keys = [provider.Keys[1], provider.Keys[0]] }));
    }

    [Fact]
    public void Of_KeyAddedOrRemoved_Changes()
    {
        var provider = Sample();
        var revisions = Enumerable.Range(0, 3).Select(count => ConfigRevision.Of(provider with { Keys = [.. provider.Keys.Take(count)] }));
        Assert.Equal(3, revisions.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Of_NullAndZero_Differ()
    {
        var provider = Sample();
        Assert.NotEqual(
            ConfigRevision.Of(provider with { Settings = new ProviderSettings { IncludeUsage = null } }),
            ConfigRevision.Of(provider with { Settings = new ProviderSettings { IncludeUsage = false } }));
        Assert.NotEqual(
            ConfigRevision.Of(provider with { Settings = new ProviderSettings { IdleTimeoutSeconds = 5 } }),
            ConfigRevision.Of(provider with { Settings = new ProviderSettings { FirstByteTimeoutSeconds = 5 } }));
    }

    [Fact]
    public void Of_DoesNotShowTheSecret() => Assert.Matches("^[0-9a-f]{32}$", ConfigRevision.Of(Sample()));

    private static ProviderConfig Sample() => new()
    {
        Id = Guid.Parse("01890000-0000-7000-8000-000000000001"),
        Name = "anthropic",
        Type = ProviderTypes.Anthropic,
        BaseUrl = "https://api.anthropic.com/",
        Enabled = true,
        Settings = new ProviderSettings
        {
            ExtraHeaders = Headers(("x-team", "core")),
            IncludeUsage = true,
            FirstByteTimeoutSeconds = 10,
            IdleTimeoutSeconds = 20,
            CircuitBreaker = CircuitBreakerSettings.Default,
        },
        Keys = [Key(1), Key(2)],
    };

    private static ProviderKey Key(int number) => new()
    {
        Id = Guid.Parse($"01890000-0000-7000-8000-0000000000f{number}"),
        Ordinal = number,
        Name = $"key {number}",
        Secret = new SecretString($"sk-{number}"),
        Hint = "...",
    };

    private static ProviderConfig WithHeaders(params (string Name, string Value)[] headers) =>
        Sample() with { Settings = new ProviderSettings { ExtraHeaders = Headers(headers) } };

    private static Dictionary<string, string> Headers(params (string Name, string Value)[] headers) =>
        headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.Ordinal);

    // A copy of the record with one property set to something else. A property of a new type makes this throw: teach it the type.
    private static T Mutate<T>(T record, string propertyName)
        where T : class
    {
        var copy = (T)typeof(T).GetMethod("<Clone>$")!.Invoke(record, null)!;
        var property = typeof(T).GetProperty(propertyName)!;
        object changed = property.GetValue(record) switch
        {
            string text => text + "x",
            Guid => Guid.Parse("01890000-0000-7000-8000-00000000000a"),
            bool flag => !flag,
            int number => number + 1,
            SecretString secret => new SecretString(secret.Reveal() + "x"),
            ProviderSettings => ProviderSettings.Default,
            CircuitBreakerSettings => null!,
            IReadOnlyDictionary<string, string> => Headers(("x-team", "other")),
            IReadOnlyList<ProviderKey> keys => keys.Skip(1).ToList(),
            var other => throw new NotSupportedException($"{propertyName} is {other?.GetType().Name ?? "null"}"),
        };
        property.SetValue(copy, changed);
        return copy;
    }
}
