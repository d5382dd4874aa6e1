using Microsoft.AspNetCore.Connections;
using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.Authentication;

/// <summary>A connection's last token with its hash: clients send the same one with each request, and hashing it again would cost more than the rest of its check.</summary>
/// <remarks>The streams of a connection share it: the pair is immutable and replaced as a whole. It lives as long as its connection, whose server keeps the header's text for just as long.</remarks>
internal sealed class TokenHashMemo
{
    private volatile Pair? _last;

    /// <summary>Gives every connection a memo of its own, as a feature.</summary>
    public static ConnectionDelegate Attach(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(new TokenHashMemo());
        return next(connection);
    };

    public VirtualKeyHash Hash(ReadOnlySpan<char> token)
    {
        if (_last is { } last && token.SequenceEqual(last.Token))
        {
            return last.Hash;
        }

        var hash = VirtualKeyHash.OfToken(token);
        _last = new Pair(token.ToString(), hash);
        return hash;
    }

    private sealed record Pair(string Token, VirtualKeyHash Hash);
}
