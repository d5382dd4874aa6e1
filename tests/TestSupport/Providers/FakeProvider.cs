using System.Net.Sockets;
using System.Net.WebSockets;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Trinity.TestSupport.Providers;

/// <summary>A strict, scriptable provider on a real Kestrel at 127.0.0.1: what the test did not script is answered 599 and fails it.</summary>
public sealed class FakeProvider : IAsyncDisposable
{
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(5);

    private readonly FakeProviderOptions _options;
    private readonly WebApplication _app;
    private readonly FakeScript _script = new();
    private readonly FakeConnections _connections = new();
    private readonly FakeRequestLog _log = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private int _order = -1;

    private FakeProvider(FakeProviderOptions options)
    {
        _options = options;
        _stopped = _stopping.Token;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(ConfigureKestrel);
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(HandleAsync);
    }

    /// <summary>http://127.0.0.1:port, or https:// with a certificate, without a trailing slash.</summary>
    public string BaseUrl { get; private set; } = "";

    public int Port => new Uri(BaseUrl).Port;

    /// <summary>Everything received so far, in order of arrival.</summary>
    public IReadOnlyList<FakeRequest> Requests => _log.All;

    public IReadOnlyList<string> Violations => _script.Violations;

    public int OpenConnections => _connections.Open;

    public int AcceptedConnections => _connections.Accepted;

    public static async Task<FakeProvider> StartAsync(FakeProviderOptions? options = null)
    {
        EarlierFailure.Watch();
        var fake = new FakeProvider(options ?? new FakeProviderOptions());
        await fake._app.StartAsync(Timeouts.Token);
        var addresses = fake._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        fake.BaseUrl = addresses.Single();
        return fake;
    }

    /// <summary>Scripts one call. The path is compared as on the wire, with the query only where it names one.</summary>
    public FakeExpectation Expect(string method, string path)
    {
        var expectation = new FakeExpectation(method, path);
        _script.Add(expectation);
        return expectation;
    }

    /// <summary>Scripts one call and its reply.</summary>
    public FakeExpectation Expect(string method, string path, FakeReply reply) => Expect(method, path).Reply(reply);

    /// <summary>Answers every call that is not scripted; for load.</summary>
    public void Respond(Func<FakeRequest, FakeReply> handler) => _script.Handle(handler);

    /// <summary>Waits until so many requests have arrived and returns the last of them.</summary>
    public Task<FakeRequest> WhenReceivedAsync(int count = 1, CancellationToken cancellationToken = default) =>
        _log.WhenReceivedAsync(count, cancellationToken);

    /// <summary>Waits until exactly so many connections are open.</summary>
    public Task WhenOpenConnectionsAsync(int count, CancellationToken cancellationToken = default) =>
        _connections.WhenOpenAsync(count, cancellationToken);

    /// <summary>Waits for the exchanges under way, then throws when a scripted call did not arrive or an unscripted one did.</summary>
    public async Task VerifyAsync(CancellationToken cancellationToken = default)
    {
        if (_script.Faults() is { } faults)
        {
            throw new FakeProviderException(faults);
        }

        await Task.WhenAll(Requests.Select(request => request.Completed)).WaitAsync(Timeouts.Default, cancellationToken);
        if (_script.Faults() is { } lateFaults)
        {
            throw new FakeProviderException(lateFaults);
        }
    }

    /// <summary>Cuts what is still open, stops, and throws like <see cref="VerifyAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.DisposeAsync(); // stops without grace
        _stopping.Dispose();
        if (_options.VerifiesOnDispose && _script.Faults() is { } faults)
        {
            throw new FakeProviderException(EarlierFailure.AddTo(faults));
        }
    }

    private void ConfigureKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8; // as it reads requests
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromHours(1); // only the client decides when a connection ends
        kestrel.Listen(IPAddress.Loopback, _options.Port, listen =>
        {
            listen.Protocols = _options.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
            listen.Use(_connections.Count);
            if (_options.Certificate is { } certificate)
            {
                listen.UseHttps(certificate);
            }
        });
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = await FakeRequestReader.ReadAsync(context, Interlocked.Increment(ref _order));
        await using var clientGone = context.RequestAborted.UnsafeRegister(static state => ((FakeRequest)state!).MarkClientGone(), request);
        if (_options.RecordsRequests)
        {
            _log.Add(request);
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopped);
            await ReplyAsync(context, request, _script.ReplyTo(request), ended.Token);
        }
        catch (Exception exception)
        {
            End(context, request, exception);
        }
        finally
        {
            request.MarkCompleted();
        }
    }

    private void End(HttpContext context, FakeRequest request, Exception exception)
    {
        var clientLeft = context.RequestAborted.IsCancellationRequested || exception is IOException or SocketException or WebSocketException;
        if (clientLeft && !_stopped.IsCancellationRequested)
        {
            request.MarkClientGone();
        }
        else if (!clientLeft && !_stopped.IsCancellationRequested)
        {
            _script.AddViolation($"{request}: {exception}");
        }

        request.MarkEndedByFake();
        context.Abort();
    }

    private static async Task ReplyAsync(HttpContext context, FakeRequest request, FakeReply reply, CancellationToken cancellationToken)
    {
        await ReplyTiming.BeforeHeadAsync(reply, cancellationToken);
        if (reply.Ending is FakeEnding.Reset or FakeEnding.Truncate)
        {
            await BreakOffAsync(context, request, reply, cancellationToken);
        }
        else
        {
            await HttpReplyWriter.WriteAsync(context, reply, cancellationToken);
        }
    }

    private static async Task BreakOffAsync(HttpContext context, FakeRequest request, FakeReply reply, CancellationToken cancellationToken)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            await HttpReplyWriter.WriteAsync(context, reply, cancellationToken);
            request.MarkEndedByFake();
            context.Abort(); // this stream alone: RST_STREAM
            return;
        }

        var socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        await BrokenReplyWriter.WriteAsync(socket, reply, cancellationToken);
        request.MarkEndedByFake();
        BrokenReplyWriter.Close(socket, reply.Ending);
        if (reply.Ending == FakeEnding.Truncate)
        {
            // Kestrel's abort resets; the client shall see the FIN first and close from its side, which cancels the delay.
            await Task.WhenAny(Task.Delay(CloseGrace, cancellationToken));
        }

        context.Abort();
    }
}
