using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Trinity.Bench.Load;
using Trinity.Bench.Load.OpenLoop;

namespace Trinity.Bench.Tests;

public sealed class ExchangesTests
{
    private const string Reply = "answer";

    private static CancellationToken Cancellation => Timeouts.Token;

    [Fact]
    public async Task SendAsync_AllConnectionsBusy_WaitsForOneAndItsTimeRuns()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connections = new HashSet<string>(StringComparer.Ordinal);
        var allBusy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ServeAsync(async context =>
        {
            lock (connections)
            {
                connections.Add(context.Connection.Id);
                if (connections.Count == BenchPlan.Connections)
                {
                    allBusy.TrySetResult();
                }
            }

            await release.Task;
        });
        using var exchanges = await OpenAsync(server);
        var due = Stopwatch.GetTimestamp();
        var running = Enumerable.Range(0, BenchPlan.Connections).Select(_ => exchanges.SendAsync(new DueRequest(due, Counts: false), Cancellation)).ToList();
        await allBusy.Task.WaitAsync(Cancellation);

        running.Add(exchanges.SendAsync(new DueRequest(due, Counts: true), Cancellation));
        var released = Stopwatch.GetTimestamp();
        release.SetResult();
        await Task.WhenAll(running);

        Assert.Equal((BenchPlan.Connections, 0, true), (connections.Count, exchanges.Errors, exchanges.Followed));
        Assert.InRange(Assert.Single(exchanges.Samples).Last, Stopwatch.GetElapsedTime(due, released).TotalMilliseconds, double.MaxValue);
    }

    [Fact]
    public async Task SendAsync_ThousandsWait_IsNotFollowed()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ServeAsync(_ => release.Task);
        using var exchanges = await OpenAsync(server);
        var running = Enumerable.Range(0, BenchPlan.Connections + 999).Select(_ => exchanges.SendAsync(new DueRequest(Stopwatch.GetTimestamp(), Counts: true), Cancellation)).ToList();
        Assert.True(exchanges.Followed);

        running.Add(exchanges.SendAsync(new DueRequest(Stopwatch.GetTimestamp(), Counts: true), Cancellation));

        Assert.False(exchanges.Followed);
        release.SetResult();
        await Task.WhenAll(running);
        Assert.Equal(running.Count, exchanges.Samples.Count); // what waited is answered all the same
    }

    [Fact]
    public async Task SendAsync_AConnectionBreaks_IsAnErrorAndAnotherTakesItsPlace()
    {
        var requests = 0;
        await using var server = await ServeAsync(context =>
        {
            if (Interlocked.Increment(ref requests) == 1)
            {
                context.Abort();
            }

            return Task.CompletedTask;
        });
        using var exchanges = await OpenAsync(server);

        for (var i = 0; i <= BenchPlan.Connections; i++)
        {
            await exchanges.SendAsync(new DueRequest(Stopwatch.GetTimestamp(), Counts: true), Cancellation);
        }

        Assert.Equal((1, BenchPlan.Connections), (exchanges.Errors, exchanges.Samples.Count));
        Assert.NotNull(exchanges.FirstError);
    }

    [Fact]
    public async Task SendAsync_NobodyListens_IsAnErrorOfEachRequest()
    {
        var gone = await ServeAsync(_ => Task.CompletedTask);
        var address = new Uri(gone.Urls.Single());
        await gone.DisposeAsync();
        using var exchanges = await Exchanges.OpenAsync(address, "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Reply.Length, Cancellation);

        await exchanges.SendAsync(new DueRequest(Stopwatch.GetTimestamp(), Counts: true), Cancellation);
        await exchanges.SendAsync(new DueRequest(Stopwatch.GetTimestamp(), Counts: false), Cancellation);

        Assert.Equal((2, 0), (exchanges.Errors, exchanges.Samples.Count));
    }

    private static Task<Exchanges> OpenAsync(WebApplication server) =>
        Exchanges.OpenAsync(new Uri(server.Urls.Single()), Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nhost: test\r\n\r\n"), Reply.Length, Cancellation);

    private static async Task<WebApplication> ServeAsync(Func<HttpContext, Task> before)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(async context =>
        {
            await before(context);
            context.Response.ContentLength = Reply.Length;
            await context.Response.WriteAsync(Reply, Cancellation);
        });
        await server.StartAsync(Cancellation);
        return server;
    }
}
