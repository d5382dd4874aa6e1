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
}
