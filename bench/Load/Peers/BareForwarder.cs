using System.Diagnostics;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.Bench.Load.Peers;

/// <summary>The yardstick: YARP's <see cref="IHttpForwarder"/> behind Kestrel, and nothing else.</summary>
internal static class BareForwarder
{
    public const string AllocatedPath = "/bench/allocated-bytes";

    public static async Task RunAsync(string address, string upstream)
    {
        var builder = Servers.Slim(address);
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
            ConnectTimeout = TimeSpan.FromSeconds(15),
        });
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.Run(context => context.Request.Path == AllocatedPath
            ? context.Response.WriteAsync(GC.GetTotalAllocatedBytes().ToString(System.Globalization.CultureInfo.InvariantCulture))
            : forwarder.SendAsync(context, upstream, invoker).AsTask());
        await app.RunAsync();
    }
}
