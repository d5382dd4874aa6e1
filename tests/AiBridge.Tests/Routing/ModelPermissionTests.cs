using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Routing;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class ModelPermissionTests
{
    [Theory]
    [InlineData(null, "anything", true)]
    [InlineData("", "anything", false)]
    [InlineData("gpt-5", "gpt-5", true)]
    [InlineData("gpt-5", "gpt-5-mini", false)]
    [InlineData("gpt-5", "GPT-5", false)]
    [InlineData("claude-*", "claude-opus-4-5", true)]
    [InlineData("claude-*", "claude-", true)]
    [InlineData("claude-*", "my-claude-x", false)]
    [InlineData("gpt-5,claude-*", "claude-x", true)]
    [InlineData("*", "anything", true)]
    [InlineData("a*b", "axb", false)]
    public void Allows_ExactOrTrailingStar(string? models, string model, bool allowed)
    {
        var key = new VirtualKeyConfig { Id = Guid.Empty, Name = "k", Hash = [], Models = models?.Split(',', StringSplitOptions.RemoveEmptyEntries) };

        Assert.Equal(allowed, ModelPermission.Allows(new Caller(key, OwnCredential: false), model));
    }
}
