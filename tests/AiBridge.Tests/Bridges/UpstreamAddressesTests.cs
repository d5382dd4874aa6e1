using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Bridges;

namespace Trinity.AiBridge.Tests.Bridges;

public sealed class UpstreamAddressesTests
{
    private readonly UpstreamAddresses _addresses = new("https://api.example.com/base");

    [Fact]
    public void Get_SameTwice_IsTheSameObject()
    {
        var first = _addresses.Get("/v1/messages", new QueryString("?beta=true"));
        Assert.Equal("https://api.example.com/base/v1/messages?beta=true", first.AbsoluteUri);
        Assert.Same(first, _addresses.Get("/v1/messages", new QueryString("?beta=true")));
    }

    [Theory]
    [InlineData("/v1/Messages", "?beta=true")]
    [InlineData("/v1/messages", "?Beta=true")]
    [InlineData("/v1/messages", "")]
    public void Get_DiffersInCaseOrQuery_IsAnotherAddress(string path, string query)
    {
        _addresses.Get("/v1/messages", new QueryString("?beta=true"));
        Assert.Equal("https://api.example.com/base" + path + query, _addresses.Get(path, new QueryString(query)).AbsoluteUri);
    }

    [Fact]
    public void Get_ManyDifferentPaths_RemembersABoundedNumber()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.EndsWith($"/v1/responses/{i}", _addresses.Get($"/v1/responses/{i}", default).AbsoluteUri, StringComparison.Ordinal);
        }

        Assert.InRange(_addresses.Remembered, 1, 32);
    }
}
