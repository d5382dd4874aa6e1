using System.Globalization;
using System.IO.Pipelines;

namespace Trinity.Bench.Load.Upstream;

/// <summary>The provider of the benchmark. The path's first segment says how it answers: <c>/json</c>, <c>/sse</c> (all events at once), <c>/paced</c> (60 ms, then its events, 50 of them with text, 10 ms apart).</summary>
internal static class UpstreamServer
{
    /// <summary>Tells how many requests came.</summary>
    public const string ServedPath = "/bench/served";

    private static readonly TimeSpan FirstEventAfter = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan EventEvery = TimeSpan.FromMilliseconds(10);

    private static long _served;

    public static async Task RunAsync(string address)
    {
        var builder = Servers.Slim(address);
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        var app = builder.Build();
        var replies = new Dictionary<string, CannedReply>(StringComparer.Ordinal);
        foreach (var api in new[] { "/v1/messages", "/v1/chat/completions", "/v1/responses" })
        {
            replies["/json" + api] = CannedReply.For(api, stream: false);
            replies["/sse" + api] = replies["/paced" + api] = CannedReply.For(api, stream: true);
        }

        using var timer = new PreciseTimer();
        app.Run(context => AnswerAsync(context, replies, timer));
        await app.RunAsync();
    }

    private static async Task AnswerAsync(HttpContext context, Dictionary<string, CannedReply> replies, PreciseTimer timer)
    {
        await DrainAsync(context.Request.BodyReader);
        var path = context.Request.Path.Value!;
        if (path == ServedPath)
        {
            await context.Response.WriteAsync(Interlocked.Read(ref _served).ToString(CultureInfo.InvariantCulture));
            return;
        }

        Interlocked.Increment(ref _served);
        if (!replies.TryGetValue(path, out var reply))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = reply.ContentType;
        if (path.StartsWith("/paced", StringComparison.Ordinal))
        {
            await SendPacedAsync(context.Response, reply, timer);
            return;
        }

        if (path.StartsWith("/json", StringComparison.Ordinal))
        {
            context.Response.ContentLength = reply.Whole.Length;
        }

        await context.Response.BodyWriter.WriteAsync(reply.Whole);
    }

    private static async Task SendPacedAsync(HttpResponse response, CannedReply reply, PreciseTimer timer)
    {
        await timer.DelayAsync(FirstEventAfter);
        foreach (var part in reply.Parts)
        {
            await response.BodyWriter.WriteAsync(part, response.HttpContext.RequestAborted);
            await timer.DelayAsync(EventEvery);
        }
    }

    private static async ValueTask DrainAsync(PipeReader body)
    {
        while (true)
        {
            var read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
