using System.Text;

namespace Trinity.TestSupport.Tests.Secrets;

public sealed class CanariesTests
{
    [Theory]
    [InlineData("anthropic-key", "sk-ant-api03-")]
    [InlineData("openai-key", "sk-proj-")]
    [InlineData("database-password", "database-password-")]
    public void New_LooksReal_AndIsUnique(string kind, string prefix)
    {
        var secret = Canaries.New(kind);

        Assert.StartsWith(prefix, secret, StringComparison.Ordinal);
        Assert.NotEqual(secret, Canaries.New(kind), StringComparer.Ordinal);
    }

    [Fact]
    public void Leaks_AreFound_InEveryUsualForm()
    {
        var secret = Canaries.New("anthropic-key");
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{secret}"));
        string[] leaks =
        [
            $"key {secret} rejected",
            $"key {secret[..30]}… rejected",
            $"key …{secret[^20..]} rejected",
            $"Authorization: Basic {basic}",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
            Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)),
        ];

        foreach (var leak in leaks)
        {
            var exception = Assert.Throws<CanaryLeakException>(() => Canaries.AssertAbsentFrom(leak, "the log"));
            Assert.StartsWith("the log holds planted secrets: anthropic-key", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(secret[13..30], exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MaskedHint_IsNoLeak()
    {
        var secret = Canaries.New("anthropic-key");

        Canaries.AssertAbsentFrom($"key sk-ant-api03-…{secret[^4..]} rejected", "the log");
    }

    [Fact]
    public void PlantedSecret_IsFoundToo()
    {
        Canaries.Plant("virtual-key", "trinity_vk_Zq9wErT5yUiOp3AsDfGh");

        Assert.Throws<CanaryLeakException>(() => Canaries.AssertAbsentFrom("x trinity_vk_Zq9wErT5yUiOp3AsDfGh y", "a reply"));
    }

    [Theory]
    [InlineData("pass-7f3Q")] // shorter than what the search looks for in all others
    [InlineData("pass word/with+signs-Zq9wErT5yUiOp3AsDfGh")]
    public void UnusualSecret_IsFoundToo(string secret)
    {
        Canaries.Plant("password", secret);

        Assert.Throws<CanaryLeakException>(() => Canaries.AssertAbsentFrom($"x {secret} y", "a reply"));
        Assert.Throws<CanaryLeakException>(() => Canaries.AssertAbsentFrom($"x {Uri.EscapeDataString(secret)} y", "a reply"));
        Canaries.AssertAbsentFrom("pass word", "a reply");
    }

    [Fact]
    public void SecretsThatShareAPart_AreFoundBoth()
    {
        Canaries.Plant("one", "first-kL2mN3bV4cX5zQ6wE7rT");
        Canaries.Plant("other", "other-kL2mN3bV4cX5zQ6wE7rT");

        var exception = Assert.Throws<CanaryLeakException>(() => Canaries.AssertAbsentFrom("kL2mN3bV4cX5zQ6wE7rT", "a reply"));

        Assert.Contains("one (", exception.Message, StringComparison.Ordinal);
        Assert.Contains("other (", exception.Message, StringComparison.Ordinal);
    }
}
