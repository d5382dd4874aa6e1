using System.Net;

namespace Trinity.AgentServer;

/// <summary>An address to listen on, read as Kestrel reads it.</summary>
internal sealed record ListenAddress(bool IsLoopback)
{
    /// <summary>Null when <paramref name="text"/> is not one plain HTTP address.</summary>
    public static ListenAddress? TryParse(string text)
    {
        if (text.AsSpan().IndexOfAny(";, ") >= 0)
        {
            return null; // a list, of which only the first entry would be judged
        }

        try
        {
            var address = BindingAddress.Parse(text);
            return address is { IsUnixPipe: false, IsNamedPipe: false, PathBase: "" } && address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase)
                ? new ListenAddress(address.Host == "localhost" || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip)))
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
