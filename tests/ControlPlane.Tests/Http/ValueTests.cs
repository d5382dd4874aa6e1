using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Tests.Http;

public sealed class ValueTests
{
    [Theory]
    [InlineData("2030-01-31T12:00:00Z", true)]
    [InlineData("2030-01-31T12:00:00.123456Z", true)]
    [InlineData("2030-01-31T12:00:00+05:30", true)]
    [InlineData("2030-01-31T12:00:00-08:00", true)]
    [InlineData("2030-01-31T12:00:00", false)]
    [InlineData("2030-01-31 12:00:00Z", false)]
    [InlineData("2030-01-31", false)]
    [InlineData("2030-02-31T12:00:00Z", false)]
    [InlineData("", false)]
    public void Rfc3339_NeedsAnOffset(string text, bool expected) => Assert.Equal(expected, Rfc3339.TryParse(text, out _));

    [Theory]
    [InlineData("2030-01-31T12:00:00+05:30", "2030-01-31T06:30:00.0000000+00:00")]
    [InlineData("2030-01-31", "2030-01-31T00:00:00.0000000+00:00")]
    public void Rfc3339_GivesUtc(string text, string expected)
    {
        Assert.True(Rfc3339.TryParseTimeOrDate(text, out var time));
        Assert.Equal(expected, time.ToString("O"));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("\"3\"", true)]
    [InlineData("*", true)]
    [InlineData("\"1\", \"3\"", true)]
    [InlineData("\"1\"", false)]
    [InlineData("W/\"3\"", false)]
    [InlineData("3", false)]
    [InlineData("\"03\"", false)]
    public void VersionCondition_ComparesStrongly(string? header, bool expected) => Assert.Equal(expected, new VersionCondition(header).Allows(3));
}
