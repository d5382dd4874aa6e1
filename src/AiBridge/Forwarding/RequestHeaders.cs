using System.Collections.Frozen;
using Trinity.AiBridge.Authentication;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Takes out of a request what must not go upstream. The list of what may is open: new client releases bring new headers.</summary>
internal static class RequestHeaders
{
    private static readonly FrozenSet<string> Credentials = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Authorization", VirtualKeyAuthenticator.ApiKeyHeader);

    private static readonly FrozenSet<string> Hidden = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Cookie",
        "Expect", // met already: the body is here
        "Forwarded",
        "Proxy-Authorization",
        "X-Real-IP");

    private static readonly string[] SpoofablePrefixes = ["X-Trinity-", "X-Forwarded-", "X-AI-Bridge-Actor-"];

    /// <summary>Every header that holds a virtual key goes too, wherever the client put it and however often.</summary>
    /// <param name="headers">The client's, edited in place.</param>
    /// <param name="ownCredential">The client's own credential stays.</param>
    public static void Sanitize(IHeaderDictionary headers, bool ownCredential)
    {
        if (NamesToRemove(headers, ownCredential) is { } names)
        {
            foreach (var name in names)
            {
                headers.Remove(name);
            }
        }
    }

    /// <summary>The credential that the client brought, of headers that hold no virtual key any more; empty when it brought none.</summary>
    public static string OwnCredential(IHeaderDictionary headers) =>
        headers[VirtualKeyAuthenticator.ApiKeyHeader].ToString() is { Length: > 0 } apiKey
            ? apiKey
            : VirtualKeyAuthenticator.Bearer(headers.Authorization).ToString();

    private static List<string>? NamesToRemove(IHeaderDictionary headers, bool ownCredential)
    {
        List<string>? names = null;
        foreach (var (name, values) in headers)
        {
            if (Hidden.Contains(name) || (!ownCredential && Credentials.Contains(name)) || IsSpoofable(name) || VirtualKeyAuthenticator.HoldsVirtualKey(values))
            {
                (names ??= []).Add(name);
            }
        }

        return names;
    }

    private static bool IsSpoofable(string name)
    {
        if (name is not ['X' or 'x', ..])
        {
            return false;
        }

        foreach (var prefix in SpoofablePrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
