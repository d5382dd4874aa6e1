using System.Net;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Configuration;

public sealed class UpstreamAddressPolicyTests
{
    private static readonly UpstreamAddressPolicy Strict = new(allowPrivate: false);
    private static readonly UpstreamAddressPolicy Lenient = new(allowPrivate: true);

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("192.0.0.192")]
    [InlineData("168.63.129.16")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("224.0.0.1")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fe80::1%25eth0")]
    [InlineData("ff02::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("::169.254.169.254")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2852039166")]
    [InlineData("0xa9fea9fe")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("169.254.169.254.")]
    [InlineData("[fe80::1]")]
    [InlineData("metadata.google.internal")]
    [InlineData("Metadata.Google.Internal.")]
    [InlineData("metadata")]
    public void Refuse_NeverAllowed_WhateverTheDeployment(string host)
    {
        Assert.NotNull(Strict.Refuse(host));
        Assert.NotNull(Lenient.Refuse(host));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fec0::1")]
    [InlineData("64:ff9b:1::a00:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("2002:0a00:0001::")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("127.1")]
    [InlineData("127.0.0.1.")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("api.localhost")]
    [InlineData("api.localhost.")]
    public void Refuse_Private_DependsOnTheDeployment(string host)
    {
        Assert.Contains("AllowPrivateUpstreams", Strict.Refuse(host), StringComparison.Ordinal);
        Assert.Null(Lenient.Refuse(host));
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.0")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("192.169.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::1.1.1.1")]
    [InlineData("2002:0101:0101::1")]
    [InlineData("api.anthropic.com")]
    [InlineData("localhost.example.com")]
    [InlineData("notlocalhost")]
    [InlineData("metadata.example.com")]
    public void Refuse_Public_IsFine(string host)
    {
        Assert.Null(Strict.Refuse(host));
        Assert.Null(Lenient.Refuse(host));
    }

    [Fact]
    public void Refuse_AddressAfterDns_IsJudgedLikeTheText()
    {
        Assert.NotNull(Strict.Refuse(IPAddress.Loopback));
        Assert.NotNull(Strict.Refuse(IPAddress.IPv6Loopback));
        Assert.NotNull(Strict.Refuse(IPAddress.Loopback.MapToIPv6()));
        Assert.NotNull(Lenient.Refuse(IPAddress.Parse("fe80::1%1")));
        Assert.Null(Strict.Refuse(IPAddress.Parse("1.1.1.1")));
    }
}
