using System.Globalization;
using System.Text;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Secrets;

public sealed class SecretHintTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "...")]
    [InlineData("abcd", "...")]
    [InlineData("abcde", "a...e")]
    [InlineData("abcdefghi", "a...i")]
    [InlineData("abcdefghij", "ab...ij")]
    [InlineData("abcdefghijklmnopqrs", "ab...rs")]
    [InlineData("abcdefghijklmnopqrst", "abcd...qrst")]
    [InlineData("sk-ant-api03-0123456789abcdef", "sk-a...cdef")]
    public void Of_ShowsMoreOfLongerSecrets(string secret, string hint) => Assert.Equal(hint, SecretHint.Of(secret));

    [Theory]
    [InlineData("😀😀😀😀", "...")]                  // eight UTF-16 units, but four characters
    [InlineData("😀bcd🎉", "😀...🎉")]
    [InlineData("e\u0301bcde\u0301", "e\u0301...e\u0301")] // combining accents stay with their letter
    public void Of_TearsNoTextElement(string secret, string hint)
    {
        var actual = SecretHint.Of(secret);
        Assert.Equal(hint, actual);
        Assert.DoesNotContain(actual.EnumerateRunes(), rune => rune == Rune.ReplacementChar);
    }

    [Fact]
    public void Of_AnyLength_HidesAtLeastThreeFifths()
    {
        for (var length = 1; length < 100; length++)
        {
            var secret = string.Concat(Enumerable.Range(0, length).Select(index => (index % 10).ToString(CultureInfo.InvariantCulture)));
            var shown = SecretHint.Of(secret).Replace("...", "", StringComparison.Ordinal).Length;
            Assert.True(shown * 5 <= length * 2, $"A hint shows {shown} of {length} characters.");
        }
    }
}
