using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Authentication;

/// <summary>Step 1 of the request path: from the request's headers and its snapshot to a <see cref="Caller"/>, without I/O.</summary>
internal sealed class VirtualKeyAuthenticator(TimeProvider time)
{
    public const string TrinityKeyHeader = "X-Trinity-Key";
    public const string ApiKeyHeader = "x-api-key";

    public bool TryAuthenticate(
        IHeaderDictionary headers, TokenHashMemo memo, ConfigSnapshot snapshot, [NotNullWhen(true)] out Caller? caller, [NotNullWhen(false)] out BridgeError? error)
    {
        caller = null;
        var token = FindToken(headers, out var ownCredential);
        if (token.IsEmpty)
        {
            error = BridgeError.Unauthenticated("no_virtual_key", "No virtual key was sent. Put it into Authorization: Bearer, x-api-key, or X-Trinity-Key.");
        }
        else if (!snapshot.VirtualKeys.TryGetValue(memo.Hash(token), out var key))
        {
            error = BridgeError.Unauthenticated("unknown_virtual_key", "The virtual key is not known here.");
        }
        else if (key.RevokedAt is not null)
        {
            error = BridgeError.Unauthenticated("revoked_virtual_key", "The virtual key was revoked.");
        }
        else if (key.ExpiresAt <= time.GetUtcNow())
        {
            error = BridgeError.Unauthenticated("expired_virtual_key", "The virtual key has expired.");
        }
        else
        {
            caller = new Caller(key, ownCredential);
            error = null;
            return true;
        }

        return false;
    }

    private static ReadOnlySpan<char> FindToken(IHeaderDictionary headers, out bool ownCredential)
    {
        var bearer = Bearer(headers.Authorization);
        var apiKey = Single(headers[ApiKeyHeader]);
        var trinity = Single(headers[TrinityKeyHeader]);
        if (!trinity.IsEmpty)
        {
            // A virtual key in the other headers is never the client's own credential: it must not go upstream.
            ownCredential = IsOwn(apiKey) || IsOwn(bearer);
            return trinity;
        }

        ownCredential = false;
        if (IsVirtualKey(bearer) || apiKey.IsEmpty)
        {
            return bearer;
        }

        return IsVirtualKey(apiKey) || bearer.IsEmpty ? apiKey : bearer;
    }

    /// <summary>Whether a header's values have a virtual key in them, valid or not.</summary>
    internal static bool HoldsVirtualKey(StringValues header)
    {
        for (var i = 0; i < header.Count; i++)
        {
            if (header[i]?.Contains(VirtualKeyToken.Prefix, StringComparison.Ordinal) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Exactly two fields, the scheme in any case.</summary>
    internal static ReadOnlySpan<char> Bearer(StringValues header)
    {
        var value = Single(header);
        const string scheme = "Bearer ";
        if (!value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return default;
        }

        var token = value[scheme.Length..].Trim();
        return token.ContainsAny(' ', '\t') ? default : token;
    }

    private static ReadOnlySpan<char> Single(StringValues header) => header.Count == 1 ? header[0].AsSpan().Trim() : default;

    private static bool IsOwn(ReadOnlySpan<char> credential) => !credential.IsEmpty && !IsVirtualKey(credential);

    private static bool IsVirtualKey(ReadOnlySpan<char> token) => token.StartsWith(VirtualKeyToken.Prefix, StringComparison.Ordinal);
}
