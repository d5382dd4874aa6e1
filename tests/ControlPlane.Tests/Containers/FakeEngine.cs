using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>A scripted container engine on a Unix socket. Calls come in the order of the script; any other fails the test.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    public const string Version = """{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"}""";

    private readonly TemporaryDirectory _folder = new();
    private readonly ConcurrentQueue<(string Call, Func<HttpContext, Task> Answer)> _script = [];
    private readonly ConcurrentQueue<string> _unexpected = [];
    private readonly WebApplication _app;
    private readonly EngineClient _client;
    private string _version = Version;

    private FakeEngine(TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(_folder.File("engine.sock")));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        var options = Options.Create(new ControlPlaneOptions { Engine = $"unix://{_folder.File("engine.sock")}" });
        _client = new EngineClient(options, time);
        Runtime = new DockerRuntime(_client, new AgentImages(options), time);
    }

    public DockerRuntime Runtime { get; }

    /// <summary>What the calls brought, in order.</summary>
    public ConcurrentQueue<string> Bodies { get; } = [];

    /// <summary>How often the version was asked for, which may happen at any time.</summary>
    public int Negotiations { get; private set; }

    public static async Task<FakeEngine> StartAsync(TimeProvider? time = null)
    {
        var engine = new FakeEngine(time ?? TimeProvider.System);
        await engine._app.StartAsync(Timeouts.Token);
        return engine;
    }

    public FakeEngine WithVersion(string body)
    {
        _version = body;
        return this;
    }

    /// <param name="call">Method and target, such as <c>POST /v1.41/containers/a/start</c>.</param>
    public FakeEngine Expect(string call, Func<HttpContext, Task> answer)
    {
        _script.Enqueue((call, answer));
        return this;
    }

    public FakeEngine Expect(string call, int status, string body = "") => Expect(call, context => AnswerAsync(context, status, body));

    /// <summary>Stops listening, as an engine that was stopped.</summary>
    public Task StopAsync() => _app.StopAsync(Timeouts.Token);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _folder.Dispose();
        Assert.True(_unexpected.IsEmpty, "Unexpected calls: " + string.Join(", ", _unexpected));
        Assert.True(_script.IsEmpty, "Calls that did not come: " + string.Join(", ", _script.Select(step => step.Call)));
    }

    public static async Task AnswerAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        if (body.Length > 0)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>Sends pieces, each in a packet of its own.</summary>
    public static async Task SendAsync(HttpContext context, params byte[][] pieces)
    {
        await context.Response.StartAsync(context.RequestAborted);
        foreach (var piece in pieces)
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Sends the beginning of an endless reply and closes the connection, past Kestrel, which might drop what it has not sent yet.</summary>
    public static async Task SendAndCutAsync(HttpContext context, params byte[][] pieces)
    {
        var socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        await socket.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), context.RequestAborted);
        foreach (var piece in pieces)
        {
            await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8], context.RequestAborted);
        }

        socket.Shutdown(SocketShutdown.Both);
    }

    public static byte[] Frame(byte stream, string content) => Frame(stream, Encoding.UTF8.GetBytes(content));

    public static byte[] Frame(byte stream, byte[] content) => [stream, 0, 0, 0, (byte)(content.Length >> 24), (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private async Task AnswerAsync(HttpContext context)
    {
        var call = $"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}";
        if (call == "GET /version")
        {
            Negotiations++;
            await AnswerAsync(context, 200, _version);
            return;
        }

        using var reader = new StreamReader(context.Request.Body);
        Bodies.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
        if (_script.TryPeek(out var next) && next.Call == call && _script.TryDequeue(out next))
        {
            await next.Answer(context);
            return;
        }

        _unexpected.Enqueue(call);
        await AnswerAsync(context, 500, """{"message":"unexpected"}""");
    }
}
