using System.Globalization;
using System.Text.Json;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Secrets;

public sealed class SecretStringTests
{
    private const string Canary = "sk-canary-0123456789-abcdefghij";

    private readonly SecretString _secret = new(Canary);

    [Fact]
    public void Reveal_ReturnsTheSecret() => Assert.Equal(Canary, _secret.Reveal());

    [Fact]
    public void ToString_IsMasked()
    {
        Assert.Equal("***", _secret.ToString());
        Assert.Equal("key=***", $"key={_secret}");
        Assert.Equal("key=***", string.Format(CultureInfo.InvariantCulture, "key={0}", _secret));
        Assert.Equal("key=***", "key=" + _secret);
    }

    [Fact]
    public void RecordThatHoldsIt_ToString_IsMasked()
    {
        var key = new ProviderKey { Id = Guid.Empty, Ordinal = 0, Secret = _secret, Hint = _secret.Hint };
        Assert.DoesNotContain("canary", key.ToString(), StringComparison.Ordinal);
        var provider = new ProviderConfig
        {
            Id = Guid.Empty,
            Name = "a",
            Type = ProviderTypes.OpenAi,
            BaseUrl = "https://example.com/",
            Enabled = true,
            Keys = [key],
            Settings = new ProviderSettings { ExtraHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["api-key"] = Canary } },
        };
        Assert.DoesNotContain("canary", provider.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_HoldsTheHintOnly()
    {
        var options = new JsonSerializerOptions { IncludeFields = true };
        Assert.Equal($$"""{"Hint":"{{_secret.Hint}}"}""", JsonSerializer.Serialize(_secret, options));
        Assert.DoesNotContain("canary", JsonSerializer.Serialize(new { Nested = new[] { _secret } }, options), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_CannotMakeOne()
    {
        var error = Record.Exception(() => JsonSerializer.Deserialize<SecretString>($$"""{"value":"{{Canary}}"}"""));
        Assert.NotNull(error);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Equality_IsByValue()
    {
        Assert.Equal(new SecretString(Canary), _secret);
        Assert.Equal(new SecretString(Canary).GetHashCode(), _secret.GetHashCode());
        Assert.NotEqual(new SecretString(Canary.ToUpperInvariant()), _secret);
        Assert.False(_secret.Equals(null));
        Assert.False(_secret.Equals((object)Canary));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void Constructor_Empty_Throws(string? value) => Assert.ThrowsAny<ArgumentException>(() => new SecretString(value!));
}
