using System.Text.Json;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Configuration;

public sealed class SettingsJsonTests
{
    [Fact]
    public void ProviderSettings_RoundTrip()
    {
        const string json = """{"extra_headers":{"X-Team":"core"},"include_usage":false,"first_byte_timeout_seconds":30,"idle_timeout_seconds":60,"circuit_breaker":{"failure_threshold":5,"interval_seconds":10,"timeout_seconds":30,"max_requests":3}}""";
        var settings = ProviderSettings.FromJson(json);

        Assert.Equal("core", settings.ExtraHeaders["X-Team"]);
        Assert.False(settings.IncludeUsage);
        Assert.Equal(30, settings.FirstByteTimeoutSeconds);
        Assert.Equal(60, settings.IdleTimeoutSeconds);
        Assert.Equal(CircuitBreakerSettings.Default, settings.CircuitBreaker);
        Assert.Equal(json, settings.ToJson());
    }

    [Fact]
    public void ProviderSettings_OmittedMembers_AreTheDefaults()
    {
        var settings = ProviderSettings.FromJson("{}");
        Assert.Empty(settings.ExtraHeaders);
        Assert.Null(settings.IncludeUsage);
        Assert.Null(settings.FirstByteTimeoutSeconds);
        Assert.Null(settings.IdleTimeoutSeconds);
        Assert.Null(settings.CircuitBreaker);
        Assert.Equal("""{"extra_headers":{}}""", ProviderSettings.Default.ToJson());
    }

    [Theory]
    [InlineData("""{"include_usages":true}""")]
    [InlineData("""{"IncludeUsage":true}""")]
    [InlineData("""{"include_usage":"yes"}""")]
    [InlineData("""{"include_usage":true,"include_usage":false}""")]
    [InlineData("""{"idle_timeout_seconds":1.5}""")]
    [InlineData("""{"circuit_breaker":{"failure_threshold":5}}""")]
    [InlineData("""{"idle_timeout_seconds":99999999999}""")]
    [InlineData("""{"extra_headers":null}""")]
    [InlineData("""{"extra_headers":["x-a"]}""")]
    [InlineData("""{"extra_headers":{"x-a":1}}""")]
    [InlineData("""{"extra_headers":{"x-a":"1","x-a":"2"}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public void ProviderSettings_Unusable_Throws(string json) => Assert.Throws<JsonException>(() => ProviderSettings.FromJson(json));

    [Fact]
    public void VirtualKeyLimits_RoundTrip()
    {
        const string json = """{"requests_per_minute":60,"max_concurrent":4,"tokens_per_day":5000000000}""";
        var limits = VirtualKeyLimits.FromJson(json);

        Assert.Equal(new VirtualKeyLimits { RequestsPerMinute = 60, MaxConcurrent = 4, TokensPerDay = 5_000_000_000 }, limits);
        Assert.Equal(json, limits.ToJson());
        Assert.Equal("{}", VirtualKeyLimits.None.ToJson());
        Assert.Equal(VirtualKeyLimits.None, VirtualKeyLimits.FromJson("{}"));
    }

    [Theory]
    [InlineData("""{"tokens_per_month":1}""")]
    [InlineData("""{"requests_per_minute":"many"}""")]
    [InlineData("""{"max_concurrent":1,"max_concurrent":2}""")]
    public void VirtualKeyLimits_Unusable_Throws(string json) => Assert.Throws<JsonException>(() => VirtualKeyLimits.FromJson(json));
}
