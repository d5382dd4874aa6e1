using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Secrets;

public sealed class EncryptionKeyRingTests
{
    private static readonly string KeyA = Convert.ToBase64String([.. Enumerable.Repeat((byte)0xA1, 32)]);
    private static readonly string KeyB = Convert.ToBase64String([.. Enumerable.Repeat((byte)0xB2, 32)]);

    [Theory]
    [InlineData("a:{A}")]
    [InlineData("a:{A},b:{B}")]
    [InlineData("  a:{A} ,\n\n b:{B}\r\n")]
    [InlineData("# first, the newest; then: the rest\na:{A}\n# old, kept for reading\nb:{B}\n")]
    public void Parse_FirstEntryEncrypts(string text) => Assert.Equal("a", EncryptionKeyRing.Parse(Fill(text)).CurrentId);

    [Fact]
    public void Parse_AllEntriesDecrypt()
    {
        var scope = SecretScope.ProviderKey(Guid.Empty);
        var old = new SecretProtector(new FixedEncryptionKeys(Fill("b:{B}"))).Protect("secret", scope);
        Assert.Equal("secret", new SecretProtector(new FixedEncryptionKeys(Fill("a:{A},b:{B}"))).Unprotect(old, scope));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n,, \n# only a comment: here")]
    public void Parse_NoEntry_Throws(string text)
    {
        var error = Assert.Throws<FormatException>(() => EncryptionKeyRing.Parse(text));
        Assert.Equal("No encryption key is given.", error.Message);
    }

    [Theory]
    [InlineData("{A}")]                     // no id
    [InlineData(":{A}")]
    [InlineData("a:{A},{B}")]
    [InlineData("{A}:a")]                   // the wrong way round
    [InlineData("a:{A}{B}")]                // padding in the middle
    [InlineData("a:c2VjcmV0LWNhbmFyeQ==")]  // too short
    [InlineData("a:{A}x")]
    [InlineData("a:{A} b:{B}")]             // separated by a blank
    [InlineData("a:{A},a:{B}")]             // same id
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:{A}")]
    public void Parse_Malformed_ThrowsWithoutKeyMaterial(string text)
    {
        var error = Assert.Throws<FormatException>(() => EncryptionKeyRing.Parse(Fill(text)));
        foreach (var material in (string[])[KeyA[..8], KeyB[..8], "c2VjcmV0"])
        {
            Assert.DoesNotContain(material, error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parse_Malformed_NamesTheEntry()
    {
        var error = Assert.Throws<FormatException>(() => EncryptionKeyRing.Parse(Fill("a:{A},b")));
        Assert.Contains("number 2", error.Message, StringComparison.Ordinal);
    }

    private static string Fill(string text) =>
        text.Replace("{A}", KeyA, StringComparison.Ordinal).Replace("{B}", KeyB, StringComparison.Ordinal);
}
