using System.Net;
using System.Net.Sockets;

namespace Trinity.Shared.Configuration;

/// <summary>Which addresses a provider's base URL may lead to; asked when a provider is saved and again when a connection is opened, after DNS.</summary>
/// <remarks>Link-local and cloud metadata addresses are refused always; loopback and private ones unless the deployment allows them.</remarks>
public sealed class UpstreamAddressPolicy(bool allowPrivate)
{
    private static readonly IPNetwork[] Forbidden =
    [
        IPNetwork.Parse("169.254.0.0/16"),    // link-local, and the metadata service of most clouds
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fd00:ec2::254/128"), // metadata over IPv6
        IPNetwork.Parse("fd20:ce::254/128"),
        IPNetwork.Parse("100.100.100.200/32"), // metadata of one cloud inside the shared address space
        IPNetwork.Parse("192.0.0.192/32"),     // metadata of another, among the protocol assignments
        IPNetwork.Parse("168.63.129.16/32"),   // a third one's host agent, behind a public address
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("ff00::/8"),
    ];

    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("fc00::/7"),
        IPNetwork.Parse("fec0::/10"),      // site-local, the deprecated form of the line above
        IPNetwork.Parse("64:ff9b:1::/48"), // NAT64 of a local network
    ];

    /// <summary>Null when connecting to <paramref name="address"/> is fine, else why not.</summary>
    public string? Refuse(IPAddress address)
    {
        var plain = Unwrap(address);
        if (Contains(Forbidden, plain))
        {
            return "link-local, metadata, multicast and reserved addresses are never allowed as an upstream";
        }

        return !allowPrivate && Contains(Private, plain)
            ? "loopback and private addresses are allowed only with AllowPrivateUpstreams"
            : null;
    }

    /// <summary>The same for a host name as written; a name that is no address is judged when it is resolved, save the well-known ones.</summary>
    public string? Refuse(string host)
    {
        var name = host.Trim('[', ']').Split('%')[0].TrimEnd('.'); // without the zone of fe80::1%eth0
        if (IPAddress.TryParse(name, out var address))
        {
            return Refuse(address);
        }

        if (name.Equals("metadata.google.internal", StringComparison.OrdinalIgnoreCase) || name.Equals("metadata", StringComparison.OrdinalIgnoreCase))
        {
            return "metadata services are never allowed as an upstream";
        }

        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            ? Refuse(IPAddress.Loopback)
            : null;
    }

    private static bool Contains(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, network => network.Contains(address));

    // IPv4 in disguise: ::ffff:a.b.c.d, ::ffff:0:a.b.c.d, the deprecated ::a.b.c.d, NAT64 64:ff9b::a.b.c.d and 6to4 2002:aabb:ccdd:: reach the same hosts.
    private static IPAddress Unwrap(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        if (bytes is [0x20, 0x02, ..])
        {
            return new IPAddress(bytes.AsSpan(2, 4));
        }

        var nat64 = bytes is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..];
        var translated = bytes is [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, ..];
        var compatible = bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 && bytes.AsSpan(12, 3).IndexOfAnyExcept((byte)0) >= 0;
        return nat64 || translated || compatible ? new IPAddress(bytes.AsSpan(12, 4)) : address;
    }
}
