using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class EngineApiVersionTests
{
    [Theory]
    [InlineData("1.41", "1.12", "1.41")]
    [InlineData("1.44", "1.24", "1.44")]
    [InlineData("1.47", "1.44", "1.47")]
    [InlineData("1.52", "1.44", "1.47")]
    [InlineData("2.0", null, "1.47")]
    public void Agree_CommonVersion_IsTheSmallerOfBoth(string newest, string? oldest, string expected) => Assert.Equal(expected, EngineApiVersion.Agree(newest, oldest).ToString());

    [Theory]
    [InlineData("1.40", "1.12", "API 1.40 is too old; 1.41 or newer is needed")]
    [InlineData("1.9", "1.1", "too old")] // numbers, not text
    [InlineData("1.60", "1.48", "API 1.48 or newer; this release speaks up to 1.47")]
    [InlineData("", null, "no API version")]
    [InlineData(null, null, "no API version")]
    [InlineData("one", null, "no API version")]
    public void Agree_NothingInCommon_SaysWhy(string? newest, string? oldest, string expected)
    {
        var refused = Assert.Throws<EngineException>(() => EngineApiVersion.Agree(newest, oldest));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Equal(EngineFault.Failed, refused.Fault);
    }
}
