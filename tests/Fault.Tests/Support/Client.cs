using System.Net;
using System.Text;

namespace Trinity.Fault.Tests.Support;

/// <summary>What clients of a fleet's first replica do. Leaving takes effect at once.</summary>
internal sealed class Client(Fleet fleet) : IDisposable
{
    public const string KindHeader = "X-Test-Kind";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ResponseDrainTimeout = TimeSpan.Zero })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Asks and returns with the head.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string kind = "", string? token = null, CancellationToken? cancellationToken = null)
    {
        using var request = fleet.Request(token: token);
        if (kind != "")
        {
            request.Headers.Add(KindHeader, kind);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken ?? Timeouts.Token);
    }

    /// <summary>Asks for the whole reply.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskAsync(string kind = "", string? token = null)
    {
        using var reply = await OpenAsync(kind, token);
        return (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    /// <summary>Reads on until at least so many bytes have come, and returns them as text.</summary>
    public static async Task<string> ReadAsync(HttpResponseMessage reply, int bytes)
    {
        var buffer = new byte[bytes];
        await (await reply.Content.ReadAsStreamAsync(Timeouts.Token)).ReadExactlyAsync(buffer, Timeouts.Token);
        return Encoding.UTF8.GetString(buffer);
    }

    /// <summary>The rest, after <see cref="ReadAsync"/>.</summary>
    public static async Task<string> ReadToEndAsync(HttpResponseMessage reply)
    {
        using var rest = new StreamReader(await reply.Content.ReadAsStreamAsync(Timeouts.Token));
        return await rest.ReadToEndAsync(Timeouts.Token);
    }

    public void Dispose() => _http.Dispose();
}
