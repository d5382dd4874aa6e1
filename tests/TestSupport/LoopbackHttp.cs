namespace Trinity.TestSupport;

/// <summary>HTTP clients for tests that look at the wire: no redirects, cookies, proxy or decompression.</summary>
public static class LoopbackHttp
{
    /// <summary>A client with a connection pool of its own, and no limit but the caller's token.</summary>
    public static HttpClient CreateClient(string? baseUrl = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            Expect100ContinueTimeout = Timeouts.Default, // whoever asks before he sends wants the answer
        };
        return new HttpClient(handler, disposeHandler: true)
        {
            BaseAddress = baseUrl is null ? null : new Uri(baseUrl),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }
}
