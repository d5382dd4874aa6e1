using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Trinity.TestSupport.Docker;

/// <summary>Plain calls to a container engine, for arranging tests, apart from the product's client.</summary>
public sealed class DockerApi : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="address">A <c>unix://</c> or <c>tcp://</c> address.</param>
    public DockerApi(string address)
    {
        Address = address;
        var url = new Uri(address);
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (url.Scheme == "unix")
        {
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(url.AbsolutePath, cancellationToken);
        }

        _http = new HttpClient(handler, disposeHandler: true) { BaseAddress = url.Scheme == "unix" ? new Uri("http://engine") : new Uri($"http://{url.Authority}"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Address { get; }

    public async Task<bool> AnswersAsync()
    {
        try
        {
            using var reply = await _http.GetAsync(new Uri("/_ping", UriKind.Relative), Timeouts.After(TimeSpan.FromSeconds(10)));
            return reply.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Any call that must succeed; a reply without JSON is an undefined element.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? body = null)
    {
        using var reply = await AnswerAsync(method, path, body);
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        Require(reply.IsSuccessStatusCode, method, path, reply, text);
        return reply.Content.Headers.ContentType?.MediaType == "application/json" && !text.Contains("}\r\n{", StringComparison.Ordinal) && text.Length > 0 ? JsonElement.Parse(text) : default;
    }

    /// <summary>A call that must succeed, and its reply as text: logs and output, with their frames' heads.</summary>
    public async Task<string> TextAsync(HttpMethod method, string path, HttpContent? body = null)
    {
        using var reply = await AnswerAsync(method, path, body);
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        Require(reply.IsSuccessStatusCode, method, path, reply, text);
        return text;
    }

    /// <summary>Removes what may not be there.</summary>
    public async Task DeleteAsync(string path)
    {
        using var reply = await AnswerAsync(HttpMethod.Delete, path, body: null);
        Require(reply.IsSuccessStatusCode || reply.StatusCode == System.Net.HttpStatusCode.NotFound, HttpMethod.Delete, path, reply, await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    public static HttpContent Json(string json) => new StringContent(json, new MediaTypeHeaderValue("application/json"));

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AnswerAsync(HttpMethod method, string path, HttpContent? body)
    {
        using var request = new HttpRequestMessage(method, "/v1.41" + path) { Content = body };
        return await _http.SendAsync(request, Timeouts.Token);
    }

    private static void Require(bool isFine, HttpMethod method, string path, HttpResponseMessage reply, string text)
    {
        if (!isFine)
        {
            throw new InvalidOperationException($"{method} {path} was answered {(int)reply.StatusCode}: {text}");
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
