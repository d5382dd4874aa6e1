namespace Trinity.AiBridge.Tests;

public sealed class AiBridgeOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8787", "http://127.0.0.1:8787")]
    [InlineData("http://127.0.0.1:8787;http://172.17.0.1:8787", "http://127.0.0.1:8787,http://172.17.0.1:8787")]
    [InlineData(" http://127.0.0.1:8787 ; ; http://[::1]:8787;", "http://127.0.0.1:8787,http://[::1]:8787")]
    public void Listen_Addresses_AreAllListenedOnInTheirOrder(string listen, string expected)
    {
        var options = new AiBridgeOptions { Listen = listen };

        Assert.Equal(expected.Split(','), options.ListenAddresses());
        Assert.True(new AiBridgeOptionsValidator().Validate(null, options).Succeeded);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ; ")]
    [InlineData("https://127.0.0.1:8787")]
    [InlineData("127.0.0.1:8787")]
    [InlineData("http://127.0.0.1:8787;172.17.0.1:8787")]
    [InlineData("http://127.0.0.1:8787,http://172.17.0.1:8787,")]
    public void Listen_NotAllHttpAddresses_IsRefused(string listen)
    {
        var result = new AiBridgeOptionsValidator().Validate(null, new AiBridgeOptions { Listen = listen });

        Assert.StartsWith("AiBridge:Listen must be", Assert.Single(result.Failures!), StringComparison.Ordinal);
    }
}
