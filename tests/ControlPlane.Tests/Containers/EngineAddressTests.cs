using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class EngineAddressTests
{
    [Theory]
    [InlineData("unix:///var/run/docker.sock", "/var/run/docker.sock", "http://engine/")]
    [InlineData("unix:///run/user/1000/docker.sock", "/run/user/1000/docker.sock", "http://engine/")]
    [InlineData("tcp://127.0.0.1:2376", null, "http://127.0.0.1:2376/")]
    [InlineData("tcp://engine.example", null, "http://engine.example:2375/")]
    [InlineData("http://[::1]:2375", null, "http://[::1]:2375/")]
    public void TryParse_Address_IsUnderstood(string text, string? socket, string baseAddress)
    {
        Assert.True(EngineAddress.TryParse(text, out var address));
        Assert.Equal((socket, baseAddress, text), (address.SocketPath, address.BaseAddress.AbsoluteUri, address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/var/run/docker.sock")]
    [InlineData("unix://")]
    [InlineData("unix://host/docker.sock")]
    [InlineData("tcp://user:password@host:2375")]
    [InlineData("tcp://host:2375/path")]
    [InlineData("ssh://host")]
    [InlineData("https://host:2376")]
    [InlineData("unix:///a23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678")]
    public void TryParse_Other_IsRefused(string text) => Assert.False(EngineAddress.TryParse(text, out _));

    [Theory]
    [InlineData("", null, "unix:///var/run/docker.sock")]
    [InlineData("", " ", "unix:///var/run/docker.sock")]
    [InlineData("", "tcp://host:1", "tcp://host:1")]
    [InlineData("tcp://ours:1", "tcp://host:1", "tcp://ours:1")]
    public void Choose_SettingThenVariableThenDefault(string setting, string? dockerHost, string expected) => Assert.Equal(expected, EngineAddress.Choose(setting, dockerHost));
}
