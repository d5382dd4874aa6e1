using System.Collections.Concurrent;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Bridges;

/// <summary>The upstream addresses of a bridge. Agents ask for the same few over and over, and parsing an address costs more than finding it again.</summary>
/// <remarks>Concurrent. Bounded: an address that would be one too many (ids in paths, odd queries) is made anew each time.</remarks>
internal sealed class UpstreamAddresses(string baseUrl)
{
    private const int MaxRemembered = 32;

    private readonly ConcurrentDictionary<(string? Path, string? Query), Uri> _remembered = new(); // PathString's own equality ignores case, an upstream may not

    public int Remembered => _remembered.Count;

    public Uri Get(PathString path, QueryString query)
    {
        var key = (path.Value, query.Value);
        if (_remembered.TryGetValue(key, out var known))
        {
            return known;
        }

        var address = RequestUtilities.MakeDestinationAddress(baseUrl, path, query);
        if (_remembered.Count < MaxRemembered)
        {
            _remembered.TryAdd(key, address);
        }

        return address;
    }
}
