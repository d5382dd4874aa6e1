using System.Security.Cryptography;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Secrets;

public sealed class SecretProtectorTests
{
    private static readonly SecretScope Scope = SecretScope.ProviderKey(Guid.Parse("01890000-0000-7000-8000-000000000001"));

    private readonly ScriptedKeys _keys = new(Entry("a", 1));

    public static TheoryData<SecretScope> OtherScopes() =>
    [
        Scope with { Table = "ai_providers" },
        Scope with { RowId = Guid.Parse("01890000-0000-7000-8000-000000000002") },
        Scope with { Column = "settings_cipher" },
    ];

    [Theory]
    [InlineData("")]
    [InlineData("sk-1")]
    [InlineData("schlüssel 🔑")]
    public void Unprotect_SameScope_ReturnsThePlaintext(string plaintext)
    {
        var protector = new SecretProtector(_keys);
        var secret = protector.Protect(plaintext, Scope);
        Assert.Equal("a", secret.KeyId);
        Assert.Equal(plaintext, protector.Unprotect(secret, Scope));
    }

    [Fact]
    public void Protect_LongSecret_RoundTripsAndIsNotInTheCiphertext()
    {
        var protector = new SecretProtector(_keys);
        var plaintext = new string('x', 100_000);
        var secret = protector.Protect(plaintext, Scope);
        Assert.Equal(plaintext, protector.Unprotect(secret, Scope));
        Assert.Equal(-1, secret.Cipher.AsSpan().IndexOf("xxxxxxxx"u8));
    }

    [Fact]
    public void Protect_Twice_GivesDifferentCiphertexts()
    {
        var protector = new SecretProtector(_keys);
        Assert.NotEqual(protector.Protect("same", Scope).Cipher, protector.Protect("same", Scope).Cipher);
    }

    [Theory]
    [MemberData(nameof(OtherScopes))]
    public void Unprotect_OtherScope_Throws(SecretScope other)
    {
        var protector = new SecretProtector(_keys);
        var secret = protector.Protect("sk-canary", Scope);
        Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(secret, other));
    }

    [Fact]
    public void Unprotect_AnyByteAltered_Throws()
    {
        var protector = new SecretProtector(_keys);
        var secret = protector.Protect("sk-canary", Scope);
        for (var index = 0; index < secret.Cipher.Length; index++)
        {
            var altered = secret.Cipher.ToArray();
            altered[index] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(secret with { Cipher = altered }, Scope));
        }
    }

    [Fact]
    public void Unprotect_AnyLengthCut_Throws()
    {
        var protector = new SecretProtector(_keys);
        var secret = protector.Protect("sk-canary", Scope);
        for (var length = 0; length < secret.Cipher.Length; length++)
        {
            var cut = secret with { Cipher = secret.Cipher[..length] };
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(cut, Scope));
        }
    }

    [Fact]
    public void Unprotect_SameKeyIdOtherKey_Throws()
    {
        var secret = new SecretProtector(_keys).Protect("sk-canary", Scope);
        var other = new SecretProtector(new ScriptedKeys(Entry("a", 2)));
        Assert.ThrowsAny<CryptographicException>(() => other.Unprotect(secret, Scope));
    }

    [Fact]
    public void Unprotect_KeyAddedSince_ReadsTheRingOnceMore()
    {
        var protector = new SecretProtector(_keys);
        var secret = new SecretProtector(new ScriptedKeys(Entry("b", 2))).Protect("new", Scope);
        _keys.Text = $"{Entry("b", 2)},{Entry("a", 1)}";

        Assert.Equal("new", protector.Unprotect(secret, Scope));
        Assert.Equal("new", protector.Unprotect(secret, Scope));

        Assert.Equal(2, _keys.Reads); // the constructor's, and one more
        Assert.Equal("b", protector.CurrentKeyId);
    }

    [Fact]
    public void Unprotect_KnownKey_DoesNotReadTheRing()
    {
        var protector = new SecretProtector(_keys);
        protector.Unprotect(protector.Protect("x", Scope), Scope);
        Assert.Equal(1, _keys.Reads);
    }

    [Fact]
    public void Unprotect_KeyNowhere_ThrowsAfterOneRead()
    {
        var protector = new SecretProtector(_keys);
        var secret = new SecretProtector(new ScriptedKeys(Entry("gone", 3))).Protect("x", Scope);

        var error = Assert.Throws<CryptographicException>(() => protector.Unprotect(secret, Scope));

        Assert.Contains("'gone'", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, _keys.Reads);
    }

    [Fact]
    public void Refresh_NewFirstKey_EncryptsWithIt()
    {
        var protector = new SecretProtector(_keys);
        _keys.Text = $"{Entry("b", 2)},{Entry("a", 1)}";
        Assert.Equal("a", protector.CurrentKeyId);
        protector.Refresh();
        Assert.Equal("b", protector.Protect("x", Scope).KeyId);
    }

    [Fact]
    public void Scopes_OfOurColumns_Differ()
    {
        var id = Guid.Parse("01890000-0000-7000-8000-000000000003");
        Assert.NotEqual(SecretScope.ProviderKey(id), SecretScope.ProviderSettings(id));
    }

    private static string Entry(string id, byte fill) => $"{id}:{Convert.ToBase64String([.. Enumerable.Repeat(fill, 32)])}";

    private sealed class ScriptedKeys(string text) : IEncryptionKeySource
    {
        public string Text { get; set; } = text;

        public int Reads { get; private set; }

        public EncryptionKeyRing Read()
        {
            Reads++;
            return EncryptionKeyRing.Parse(Text);
        }
    }
}
