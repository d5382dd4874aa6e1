using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.Tests.Authentication;

public sealed class TokenHashMemoTests
{
    [Theory]
    [InlineData("trk_one", "trk_one")]
    [InlineData("trk_one", "trk_two")]
    [InlineData("trk_one", "trk_one2")]
    [InlineData("trk_one2", "trk_one")]
    [InlineData("trk_one", "TRK_ONE")]
    [InlineData("trk_one", "")]
    public void Hash_OneTokenAfterAnother_IsEachTokensOwn(string first, string second)
    {
        var memo = new TokenHashMemo();

        Assert.Equal(
            (VirtualKeyHash.OfToken(first), VirtualKeyHash.OfToken(second), VirtualKeyHash.OfToken(first)),
            (memo.Hash(first), memo.Hash(second), memo.Hash(first)));
    }

    [Fact]
    public void Hash_StreamsOfOneConnection_NeverGetEachOthers()
    {
        var memo = new TokenHashMemo();
        var tokens = Enumerable.Range(0, 4).Select(number => $"trk_{number}").ToArray();
        var expected = tokens.Select(token => VirtualKeyHash.OfToken(token)).ToArray();

        Parallel.For(0, 20_000, round => Assert.Equal(expected[round % 4], memo.Hash(tokens[round % 4])));
    }
}
