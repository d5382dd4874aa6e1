using Trinity.AiBridge.Authentication;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Takes out of a request what must not go upstream. The list of what may is open: new client releases bring new headers.</summary>
internal static class RequestHeaders
{
    private static readonly string[] SpoofablePrefixes = ["X-Trinity-", "X-Forwarded-", "X-AI-Bridge-Actor-"];

    /// <param name="headers">The client's, edited in place.</param>
    /// <param name="ownCredential">The client's own credential stays.</param>
    public static void Sanitize(IHeaderDictionary headers, bool ownCredential)
    {
        if (!ownCredential)
        {
            headers.Remove("Authorization");
            headers.Remove(VirtualKeyAuthenticator.ApiKeyHeader);
        }

        headers.Remove("Cookie");
        headers.Remove("Forwarded");
        headers.Remove("Proxy-Authorization");
        headers.Remove("X-Real-IP");
        foreach (var name in SpoofedNames(headers))
        {
            headers.Remove(name);
        }
    }

    private static List<string> SpoofedNames(IHeaderDictionary headers)
    {
        var names = new List<string>();
        foreach (var header in headers)
        {
            if (header.Key.StartsWith('X') || header.Key.StartsWith('x'))
            {
                foreach (var prefix in SpoofablePrefixes)
                {
                    if (header.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    {
                        names.Add(header.Key);
                    }
                }
            }
        }

        return names;
    }
}
