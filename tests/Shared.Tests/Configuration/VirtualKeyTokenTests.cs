using System.Security.Cryptography;
using System.Text;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Configuration;

public sealed class VirtualKeyTokenTests
{
    [Fact]
    public void Create_HasItsForm() => Assert.Matches(@"\Atrk_[0-9a-f]{64}\z", VirtualKeyToken.Create());

    [Fact]
    public void Create_NeverRepeats() =>
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => VirtualKeyToken.Create()).Distinct(StringComparer.Ordinal).Count());

    [Fact]
    public void Hash_IsSha256OfTheWholeToken() =>
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes("trk_00ff")), VirtualKeyToken.Hash("trk_00ff"));

    [Fact]
    public void Create_IsNoValidProviderKey()
    {
        var errors = new List<ConfigError>();
        ProviderValidator.ValidateSecret(VirtualKeyToken.Create(), "api_keys[0]", errors);
        Assert.Equal("api_keys[0]", Assert.Single(errors).Field);
    }
}
