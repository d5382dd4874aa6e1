using System.Net.Sockets;

namespace Trinity.AiBridge.Forwarding;

/// <summary>An exception for one log line: what it and its causes are, without their messages, which may quote what a header held.</summary>
internal static class Causes
{
    public static string Of(Exception? exception)
    {
        var causes = new List<string>();
        for (; exception is not null; exception = exception.InnerException)
        {
            causes.Add(exception switch
            {
                HttpRequestException { HttpRequestError: var error } => $"{nameof(HttpRequestException)} {error}",
                SocketException { SocketErrorCode: var error } => $"{nameof(SocketException)} {error}",
                _ => exception.GetType().Name,
            });
        }

        return causes.Count == 0 ? "no exception" : string.Join(" < ", causes);
    }
}
