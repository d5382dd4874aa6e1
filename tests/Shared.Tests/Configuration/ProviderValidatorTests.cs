using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Configuration;

public sealed class ProviderValidatorTests
{
    private static readonly UpstreamAddressPolicy Policy = new(allowPrivate: false);

    [Fact]
    public void Validate_GoodProvider_HasNoErrors() => Assert.Empty(ProviderValidator.Validate(Provider(), Policy));

    [Fact]
    public void Validate_EverythingWrong_ReportsEveryError()
    {
        var provider = Provider() with
        {
            Name = "No Good",
            Type = "bedrock",
            BaseUrl = "ftp://example.com",
            Settings = Headers(("Cookie", "a"), ("bad name", "b")) with
            {
                FirstByteTimeoutSeconds = 0,
                IdleTimeoutSeconds = 3601,
                CircuitBreaker = new() { FailureThreshold = 0, IntervalSeconds = 0, TimeoutSeconds = 3601, MaxRequests = 1001 },
            },
            Keys = Keys("trk_1", "a b", "c", "d", "d", "e"),
        };

        var fields = ProviderValidator.Validate(provider, Policy).Select(error => error.Field).Order(StringComparer.Ordinal);

        Assert.Equal(
            [
                "api_keys", "api_keys", "api_keys", "api_keys", // one of ours, a blank, too many, given twice
                "base_url",
                "name",
                "settings.circuit_breaker.failure_threshold", "settings.circuit_breaker.interval_seconds", "settings.circuit_breaker.max_requests", "settings.circuit_breaker.timeout_seconds",
                "settings.extra_headers", "settings.extra_headers.Cookie",
                "settings.first_byte_timeout_seconds", "settings.idle_timeout_seconds",
                "type",
            ],
            fields);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("anthropic")]
    [InlineData("open-ai-2")]
    [InlineData("0")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Name_Usable_IsAccepted(string name) => Assert.Empty(Collect(errors => ProviderValidator.ValidateName(name, errors)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Anthropic")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a.b")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("%2e")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a--b")]
    [InlineData("anthropic\n")]
    [InlineData("anthropic\r\n")]
    [InlineData("anthropic\0")]
    [InlineData("ä")]
    [InlineData("١")] // a digit, but no ASCII one
    [InlineData("healthz")]
    [InlineData("readyz")]
    [InlineData("metrics")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Name_Unusable_IsRefused(string? name) =>
        Assert.Equal("name", Assert.Single(Collect(errors => ProviderValidator.ValidateName(name, errors))).Field);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("OpenAI")]
    [InlineData("openai\n")]
    public void Type_Unknown_IsRefusedWithTheChoices(string? type)
    {
        var error = Assert.Single(Collect(errors => ProviderValidator.ValidateType(type, errors)));
        Assert.Equal("type", error.Field);
        Assert.All(ProviderTypes.All, known => Assert.Contains(known, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Type_Known_IsAccepted() =>
        Assert.All(ProviderTypes.All, type => Assert.Empty(Collect(errors => ProviderValidator.ValidateType(type, errors))));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("canary key")]
    [InlineData("canary\n")]
    [InlineData("canary\r\nX-Injected: 1")]
    [InlineData("canary\0")]
    [InlineData("canary\u007f")]
    [InlineData("canaryé")]
    [InlineData("trk_canary")]
    public void Secret_Unusable_IsRefusedWithoutQuotingIt(string? secret)
    {
        var error = Assert.Single(Collect(errors => ProviderValidator.ValidateSecret(secret, "api_keys[1]", errors)));
        Assert.Equal("api_keys[1]", error.Field);
        Assert.DoesNotContain("canary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_Length_IsLimited()
    {
        Assert.Empty(Collect(errors => ProviderValidator.ValidateSecret(new string('k', 8192), "f", errors)));
        Assert.Single(Collect(errors => ProviderValidator.ValidateSecret(new string('k', 8193), "f", errors)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 1)]
    public void KeyCount_IsLimited(int count, int expected) =>
        Assert.Equal(expected, Collect(errors => ProviderValidator.ValidateKeyCount(count, errors)).Count);

    [Theory]
    [InlineData("X-Team", "core")]
    [InlineData("anthropic-beta", "a,b; c=\"d\"")]
    [InlineData("api-key", "secret")]
    [InlineData("OpenAI-Organization", "org-1")]
    public void Header_Usable_IsAccepted(string name, string value) => Assert.Empty(Validate(Headers((name, value))));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("x-a\r\nx-b")]
    [InlineData("x-a\n")]
    [InlineData("x-ä")]
    [InlineData(":authority")]
    public void HeaderName_NoToken_IsRefused(string name) =>
        Assert.Equal("settings.extra_headers", Assert.Single(Validate(Headers((name, "v")))).Field);

    [Theory]
    [InlineData("Host")]
    [InlineData("content-length")]
    [InlineData("Transfer-Encoding")]
    [InlineData("connection")]
    [InlineData("Upgrade")]
    [InlineData("TE")]
    [InlineData("Cookie")]
    [InlineData("AUTHORIZATION")]
    [InlineData("x-api-key")]
    [InlineData("Accept-Encoding")]
    [InlineData("X-Trinity-Key")]
    [InlineData("x-trinity-anything")]
    public void HeaderName_OfTransportOrCredential_IsRefused(string name) =>
        Assert.Equal($"settings.extra_headers.{name}", Assert.Single(Validate(Headers((name, "v")))).Field);

    [Theory]
    [InlineData("")]
    [InlineData("canary\r\nX-Injected: 1")]
    [InlineData("canary\n")]
    [InlineData("canary\0")]
    [InlineData("canary\t")]
    [InlineData("canaryé")]
    public void HeaderValue_Unusable_IsRefusedWithoutQuotingIt(string value)
    {
        var error = Assert.Single(Validate(Headers(("X-Team", value))));
        Assert.Equal("settings.extra_headers.X-Team", error.Field);
        Assert.DoesNotContain("canary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_DifferingInCaseOnly_AreRefused() =>
        Assert.Contains("twice", Assert.Single(Validate(Headers(("X-Team", "a"), ("x-team", "b")))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(32, 0)]
    [InlineData(33, 1)]
    public void Headers_Count_IsLimited(int count, int expected) =>
        Assert.Equal(expected, Validate(Headers([.. Enumerable.Range(0, count).Select(index => ($"x-{index}", "v"))])).Count);

    [Theory]
    [InlineData(null, 0)]
    [InlineData(1, 0)]
    [InlineData(3600, 0)]
    [InlineData(0, 2)]
    [InlineData(-1, 2)]
    [InlineData(3601, 2)]
    public void Timeouts_AreLimited(int? seconds, int expected) =>
        Assert.Equal(expected, Validate(new ProviderSettings { FirstByteTimeoutSeconds = seconds, IdleTimeoutSeconds = seconds }).Count);

    private static ProviderConfig Provider() => new()
    {
        Id = Guid.Empty,
        Name = "openai",
        Type = ProviderTypes.OpenAi,
        BaseUrl = "https://api.openai.com/v1/",
        Enabled = true,
        Settings = Headers(("X-Team", "core")),
        Keys = Keys("sk-1", "sk-2"),
    };

    private static IReadOnlyList<ProviderKey> Keys(params string[] secrets) =>
        [.. secrets.Select((secret, index) => new ProviderKey { Id = Guid.Empty, Ordinal = index, Secret = new SecretString(secret), Hint = "..." })];

    private static ProviderSettings Headers(params (string Name, string Value)[] headers) =>
        new() { ExtraHeaders = headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.Ordinal) };

    private static List<ConfigError> Validate(ProviderSettings settings) => Collect(errors => ProviderValidator.ValidateSettings(settings, errors));

    private static List<ConfigError> Collect(Action<List<ConfigError>> validate)
    {
        var errors = new List<ConfigError>();
        validate(errors);
        return errors;
    }
}
