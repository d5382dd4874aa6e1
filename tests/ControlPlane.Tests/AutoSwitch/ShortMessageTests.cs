using Trinity.ControlPlane.AutoSwitch;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

public sealed class ShortMessageTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("  You've hit your limit · resets 3am\nmore", "You've hit your limit · resets 3am")]
    [InlineData("API Error: 401 {\"type\":\"error\"}", "API Error: 401 {\"type\":\"error\"}")]
    [InlineData("bad\0bell\u0007", "bad bell ")]
    public void Message_IsOneLine(string? text, string expected) => Assert.Equal(expected, ShortMessage.Of(text));

    [Fact]
    public void Message_HoldsNoToken_AndIsShort()
    {
        var token = Canaries.New("anthropic-oauth");

        var message = ShortMessage.Of($"The token {token} is not accepted. {new string('x', 20)} {string.Join(' ', Enumerable.Repeat("and so on", 100))}");

        Canaries.AssertAbsentFrom(message, "the message");
        Assert.StartsWith("The token … is not accepted.", message, StringComparison.Ordinal);
        Assert.Equal(ShortMessage.MaxLength, message.Length);
    }

    [Fact] // cut in the middle of a pair
    public void Message_HalfASurrogatePair_IsLeftOut() => Assert.DoesNotContain(ShortMessage.Of("a\ud83d"), char.IsSurrogate);
}
