using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Hosting;

/// <summary>Requests that run on the sockets' own thread, as they do where there is one processor.</summary>
public sealed class InlineSocketsTests
{
    private const string SocketsThread = ".NET Sockets";

    /// <summary>What a slow disk does not hand out in time is tried again after a minute.</summary>
    private static readonly TimeSpan Arrival = TimeSpan.FromMinutes(3);

    // A runtime without the property is no fault of the bridge, but then somebody should know, and take this away.
    [Fact]
    public void Runtime_StillHasTheProperty() => Assert.True(InlineSockets.Possible);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_RunsOnTheSocketsThreadOnlyWhenItShall(bool inline)
    {
        var threads = new ConcurrentBag<string?>();
        await using var bench = await TestBench.StartAsync(["openai"], [$"AiBridge:InlineSockets={inline}"], builder => builder.Services.AddSingleton<IStartupFilter>(new ThreadNames(threads)));
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));

        for (var i = 0; i < 10; i++)
        {
            using var reply = await bench.SendAsync(bench.Request(Models.Responses));
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        Assert.Equal(inline, threads.Contains(SocketsThread));
    }

    // Npgsql waits for its sockets while it holds locks, which stopped everything for good when its sockets, too, ran what follows on their thread.
    [Fact]
    public async Task PostgresHangsAndBreaksOff_RequestsAndRotationsGoOn()
    {
        await using var bench = await TestBench.StartAsync(["openai"], startBridge: false);
        await using var proxy = new TcpFaultProxy(bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2, KeepAlive = 1 }.ConnectionString;
        await using var bridge = await BridgeHost.StartAsync(connection, bench.EncryptionKeys, ["AiBridge:InlineSockets=true"]);
        await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(bridge.Url);
        bench.Upstream.Respond(_ => Models.Streaming(Models.Responses));

        foreach (var fault in new[] { TcpFault.Blackhole, TcpFault.Close, TcpFault.Blackhole, TcpFault.None })
        {
            proxy.Fault = fault;
            await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            {
                using var reply = await client.SendAsync(bench.Request(Models.Responses, stream: true), Timeouts.Token);
                Assert.Equal((HttpStatusCode.OK, Models.Streaming(Models.Responses).BodyText()), (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
            });
            if (fault != TcpFault.None)
            {
                await bridge.Logs.WhenLoggedAsync(EventIds.RecordsNotWritten);
            }
        }

        await bench.Config.SetKeysAsync("openai", "sk-another-key-0123456789");
        await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
        using var last = await client.SendAsync(bench.Request(Models.Responses), Timeouts.Token);
        Assert.Equal("Bearer sk-another-key-0123456789", bench.Upstream.Requests[^1].Header("Authorization"));
        await Eventually.TrueAsync(async () => await bench.Database.ScalarAsync<long>("select count(*) from interceptions") == 801, "every record arrives", Arrival);
        await bridge.StopAsync(); // Npgsql may throw into it when a connection breaks just then; nobody may see that
    }

    private sealed class ThreadNames(ConcurrentBag<string?> names) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate go) =>
            {
                names.Add(Thread.CurrentThread.Name);
                return go(context);
            });
            next(app);
        };
    }
}
