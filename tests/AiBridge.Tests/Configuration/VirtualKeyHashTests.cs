using System.Security.Cryptography;
using Trinity.AiBridge.Configuration;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Configuration;

public sealed class VirtualKeyHashTests
{
    [Fact]
    public void OfToken_IsTheHashThatTheDatabaseHolds()
    {
        var token = VirtualKeyToken.Create();

        Assert.Equal(VirtualKeyHash.Of(VirtualKeyToken.Hash(token)), VirtualKeyHash.OfToken(token));
    }

    [Fact]
    public void OfToken_DifferingInOneCharacter_Differs() =>
        Assert.NotEqual(VirtualKeyHash.OfToken("trn-aaaaaaaaaaaaaaaa"), VirtualKeyHash.OfToken("trn-aaaaaaaaaaaaaaab"));

    [Fact]
    public void OfToken_LongerThanAnyOfOurs_MatchesNoHash()
    {
        var hash = VirtualKeyHash.OfToken(new string('a', 257));

        Assert.Equal(default, hash);
        Assert.NotEqual(hash, VirtualKeyHash.Of(SHA256.HashData(new byte[257])));
    }
}
