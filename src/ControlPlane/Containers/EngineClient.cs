using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;

namespace Trinity.ControlPlane.Containers;

/// <summary>HTTP to the container engine. Whatever goes wrong on the way becomes an <see cref="EngineException"/>; connects on first use, never before.</summary>
/// <remarks><c>_agreed</c> is written by whoever has asked the engine for its version, and read by all, through <see cref="Volatile"/>; two may ask at once, and agree on the same.</remarks>
internal sealed class EngineClient : IDisposable
{
    /// <summary>How long the engine may take over a call that does no work to speak of.</summary>
    public static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take to set up or tear down a container.</summary>
    public static readonly TimeSpan WorkLimit = TimeSpan.FromMinutes(2);

    private readonly string _text;
    private readonly EngineAddress? _address; // null: the text is none
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private string? _agreed; // the path's prefix: "/v1.41"

    public EngineClient(IOptions<ControlPlaneOptions> options, TimeProvider time)
    {
        _text = EngineAddress.Choose(options.Value.Engine, Environment.GetEnvironmentVariable("DOCKER_HOST"));
        _address = EngineAddress.TryParse(_text, out var address) ? address : null;
        _time = time;
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = (_, cancellationToken) => Address.ConnectAsync(cancellationToken),
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionLifetime = TimeSpan.Zero, // none is kept: it could be one that the engine, started anew, no longer knows
                ResponseDrainTimeout = TimeSpan.Zero, // a stream that we leave has no end to wait for
            },
            disposeHandler: true);
    }

    // Only who needs the engine is told: DOCKER_HOST can be another program's, and the control plane starts without an engine.
    private EngineAddress Address => _address
        ?? throw new EngineException(EngineFault.Unreachable, $"'{_text}' is no address of a container engine; write unix:///path or tcp://host:port (setting ControlPlane:Engine, or DOCKER_HOST).");

    /// <summary>Asks for the engine's version, and agrees with it on that of the API.</summary>
    public async Task<EngineVersion> NegotiateAsync(CancellationToken cancellationToken)
    {
        using var call = NewCall(QuickLimit, cancellationToken);
        using var reply = await SendAsync(call, HttpMethod.Get, "/version", null);
        var version = await ReadAsync(call, reply, EngineJson.Default.VersionReply);
        var agreed = EngineApiVersion.Agree(version.ApiVersion, version.MinApiVersion);
        Volatile.Write(ref _agreed, $"/v{agreed}");
        return new EngineVersion(version.Version ?? "", agreed.ToString());
    }

    /// <summary>A call whose reply has a body.</summary>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var call = NewCall(limit, cancellationToken);
        using var reply = await SendVersionedAsync(call, HttpMethod.Get, path, null);
        return await ReadAsync(call, reply, type);
    }

    /// <summary>The same; null where the engine knows of no such thing.</summary>
    public async Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await GetAsync(path, type, QuickLimit, cancellationToken);
        }
        catch (EngineException missing) when (missing.Fault == EngineFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>A call with a body, whose reply has one too.</summary>
    public async Task<TReply> PostAsync<TRequest, TReply>(string path, TRequest body, JsonTypeInfo<TRequest> type, JsonTypeInfo<TReply> replyType, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var call = NewCall(limit, cancellationToken);
        using var reply = await SendVersionedAsync(call, HttpMethod.Post, path, Json(body, type));
        return await ReadAsync(call, reply, replyType);
    }

    /// <summary>A call of whose reply only success matters; that there is nothing to change (304) is success.</summary>
    public async Task DoAsync(HttpMethod method, string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var call = NewCall(limit, cancellationToken);
        using var reply = await SendVersionedAsync(call, method, path, null);
    }

    /// <summary>Opens a stream: its head has to come in time, and then it may take as long as it likes.</summary>
    public async Task<EngineStream> OpenAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        var call = NewCall(QuickLimit, cancellationToken);
        try
        {
            var reply = await SendVersionedAsync(call, method, path, body);
            call.LiftLimit();
            return await EngineStream.OpenAsync(call, reply);
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    public static HttpContent Json<T>(T body, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)); // with a length: not every engine takes chunks
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public void Dispose() => _http.Dispose();

    private EngineCall NewCall(TimeSpan limit, CancellationToken cancellationToken) => new(Address, limit, _time, cancellationToken);

    private async Task<HttpResponseMessage> SendVersionedAsync(EngineCall call, HttpMethod method, string path, HttpContent? body)
    {
        if (Volatile.Read(ref _agreed) is null)
        {
            await NegotiateAsync(call.CallerToken);
        }

        return await SendAsync(call, method, Volatile.Read(ref _agreed) + path, body);
    }

    private async Task<HttpResponseMessage> SendAsync(EngineCall call, HttpMethod method, string path, HttpContent? body)
    {
        // The handler sends a request without content again when the connection breaks before the answer, although it may have been heard.
        body ??= method == HttpMethod.Get ? null : new ByteArrayContent([]);
        using var request = new HttpRequestMessage(method, new Uri(Address.BaseAddress, path)) { Content = body };
        var reply = await call.RunAsync(token => _http.SendAsync(request, token));
        if (reply.IsSuccessStatusCode || reply.StatusCode == HttpStatusCode.NotModified)
        {
            return reply;
        }

        using (reply)
        {
            if (reply.StatusCode == HttpStatusCode.BadRequest)
            {
                Volatile.Write(ref _agreed, null); // another engine may have taken this one's place
            }

            throw await EngineErrors.ReadAsync(call, reply);
        }
    }

    private static Task<T> ReadAsync<T>(EngineCall call, HttpResponseMessage reply, JsonTypeInfo<T> type) => call.RunAsync(async token =>
    {
        await using var body = await reply.Content.ReadAsStreamAsync(token);
        return await JsonSerializer.DeserializeAsync(body, type, token)
            ?? throw new EngineException(EngineFault.Failed, "The container engine answered null where an object was expected.");
    });
}
