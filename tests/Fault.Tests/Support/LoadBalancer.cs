using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.Fault.Tests.Support;

/// <summary>A load balancer that asks /readyz, sends each request to the next ready replica, and retries nothing.</summary>
/// <remarks><c>_ready</c> is swapped whole by the one loop that asks; requests read it by a volatile read.</remarks>
internal sealed class LoadBalancer : IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);
    private static readonly ForwarderRequestConfig Forwarding = new() { ActivityTimeout = TimeSpan.FromMinutes(5) };

    private readonly WebApplication _app;
    private readonly IReadOnlyList<string> _replicas;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
    private volatile string[] _ready = [];
    private Task _asking = Task.CompletedTask;
    private int _next;

    private LoadBalancer(IReadOnlyList<string> replicas)
    {
        _replicas = replicas;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddHttpForwarder();
        _app = builder.Build();
        _app.Run(ForwardAsync);
    }

    public string Url { get; private set; } = "";

    public IReadOnlyList<string> Ready => _ready;

    public static async Task<LoadBalancer> StartAsync(IReadOnlyList<string> replicas)
    {
        var balancer = new LoadBalancer(replicas);
        await balancer._app.StartAsync(Timeouts.Token);
        balancer.Url = balancer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        balancer._asking = balancer.AskAsync(balancer._stopping.Token);
        await Eventually.TrueAsync(() => balancer._ready.Length == replicas.Count, "the load balancer finds all replicas ready");
        return balancer;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync();
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task AskAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(CheckInterval);
        using var probe = LoopbackHttp.CreateClient();
        do
        {
            var answers = await Task.WhenAll(_replicas.Select(async url => (url, Ready: await Probe.IsReadyAsync(probe, url, stop))));
            _ready = [.. answers.Where(answer => answer.Ready).Select(answer => answer.url)];
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var ready = _ready;
        if (ready.Length == 0)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var replica = ready[(int)((uint)Interlocked.Increment(ref _next) % (uint)ready.Length)];
        await context.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(context, replica, _client, Forwarding, HttpTransformer.Default);
    }
}
