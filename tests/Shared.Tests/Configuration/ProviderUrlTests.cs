using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Configuration;

public sealed class ProviderUrlTests
{
    [Theory]
    [InlineData("https://api.anthropic.com")]
    [InlineData("https://api.openai.com/v1/")]
    [InlineData("HTTPS://API.OPENAI.COM/v1")]
    [InlineData("http://example.com:8080/a/b")]
    [InlineData("https://1.1.1.1/")]
    [InlineData("https://[2606:4700::1111]/")]
    [InlineData("https://bücher.example/")]
    public void BaseUrl_Usable_IsAccepted(string url) => Assert.Empty(Errors(url));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    public void BaseUrl_Missing_IsRequired(string? url) => Assert.Contains("required", Assert.Single(Errors(url)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("api.openai.com")]
    [InlineData("/v1")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript:alert(1)")]
    [InlineData("unix:///var/run/docker.sock")]
    [InlineData("https:example.com")]
    [InlineData("https://")]
    [InlineData("https:///v1")]
    [InlineData("https://exa mple.com/")]
    [InlineData("https://example.com/a b")]
    [InlineData(" https://example.com/")]
    [InlineData("https://example.com/\n")]
    [InlineData("https://example.com/\r\nHost: other")]
    [InlineData("https://example.com/\t")]
    [InlineData("https://example.com:0/")]
    [InlineData("https://example.com:99999/")]
    public void BaseUrl_NoHttpAddress_IsRefused(string url) => Assert.Contains("absolute", Assert.Single(Errors(url)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://user@example.com/")]
    [InlineData("https://user:canary@example.com/")]
    [InlineData("https://:canary@example.com/")]
    [InlineData("https://example.com/?key=canary")]
    [InlineData("https://example.com/?")]
    [InlineData("https://example.com/#canary")]
    public void BaseUrl_WithMoreThanAddressAndPath_IsRefusedWithoutQuotingIt(string url)
    {
        var error = Assert.Single(Errors(url));
        Assert.Contains("must not hold", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://0xA9.0xFE.0xA9.0xFE/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://169.254.43518/")]
    [InlineData("http://169。254。169。254/")]
    [InlineData("http://169.254.169.254./")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("http://[2002:a9fe:a9fe::]/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://metadata.google.internal/computeMetadata/v1")]
    [InlineData("http://0/")]
    [InlineData("http://[::]/")]
    public void BaseUrl_NeverAllowedAddress_IsRefused(string url) =>
        Assert.Contains("forbidden address", Assert.Single(Errors(url, allowPrivate: true)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://localhost:11434/v1")]
    [InlineData("http://localhost./")]
    [InlineData("http://ollama.localhost/")]
    [InlineData("http://127.0.0.1:8000/")]
    [InlineData("http://127.1/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://192.168.0.10:8080/")]
    public void BaseUrl_PrivateAddress_DependsOnTheDeployment(string url)
    {
        Assert.Contains("AllowPrivateUpstreams", Assert.Single(Errors(url)).Message, StringComparison.Ordinal);
        Assert.Empty(Errors(url, allowPrivate: true));
    }

    [Fact]
    public void BaseUrl_TwoThingsWrong_ReportsBoth() => Assert.Equal(2, Errors("http://user@169.254.169.254/").Count);

    [Fact]
    public void DefaultBaseUrl_OfEveryTypeThatHasOne_IsValid() =>
        Assert.All(ProviderTypes.All.Select(ProviderTypes.DefaultBaseUrl).OfType<string>(), url => Assert.Empty(Errors(url)));

    private static List<ConfigError> Errors(string? url, bool allowPrivate = false)
    {
        var errors = new List<ConfigError>();
        ProviderValidator.ValidateBaseUrl(url, new UpstreamAddressPolicy(allowPrivate), errors);
        Assert.All(errors, error => Assert.Equal("base_url", error.Field));
        return errors;
    }
}
