using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Recording;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.FunctionalTests.Recording;

public sealed class LimitsOutageTests
{
    private const string Token = "sk-ant-oat01-of-the-client";

    [Fact]
    public async Task DatabaseOutage_FailsNoRequest_AndTheLatestIsKnownAfterIt()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await using var proxy = new TcpFaultProxy(bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2 }.ConnectionString;
        await using var bridge = await BridgeHost.StartAsync(connection, bench.EncryptionKeys);
        await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(bridge.Url);

        proxy.Fault = TcpFault.Close;
        for (var i = 1; i <= 9; i++)
        {
            bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages).WithHeader("anthropic-ratelimit-unified-status", "allowed").WithHeader("anthropic-ratelimit-unified-5h-utilization", $"0.{i}"));
            using var request = bench.Request(Models.Messages);
            request.Headers.Authorization = new("Bearer", Token);
            request.Headers.TryAddWithoutValidation("X-Trinity-Key", bench.Token);
            using var reply = await client.SendAsync(request, Timeouts.Token);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        await bridge.Logs.WhenLoggedAsync(EventIds.LimitsNotWritten);
        Assert.Empty(await LimitsRow.ListAsync(bench));
        proxy.Fault = TcpFault.None;

        await LimitsRow.WhenAsync(bench, CredentialFingerprint.Of(Token), row => row.FiveHour == .9);
        await bridge.Logs.WhenLoggedAsync(EventIds.LimitsWrittenAgain);
    }

    // Replicas see the same credentials at the same time, each in an order of its own.
    [Fact]
    public async Task ManyWriters_OfTheSameCredentials_NeverStandInACircle()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var store = bench.Bridge.Services.GetRequiredService<ILimitsStore>();
        var start = TimeProvider.System.GetUtcNow();
        var credentials = Enumerable.Range(0, 200).Select(number => $"c{number}").ToArray();

        await Parallel.ForAsync(0, 4, Timeouts.Token, async (writer, cancellationToken) =>
        {
            for (var round = 0; round < 25; round++)
            {
                var batch = credentials.Select(credential => Of(credential, start.AddSeconds((round * 10) + writer))).ToArray();
                Random.Shared.Shuffle(batch);
                await store.WriteAsync(batch, cancellationToken);
            }
        });

        var rows = await LimitsRow.ListAsync(bench);
        Assert.Equal(200, rows.Count);
        Assert.All(rows, row => Assert.Equal(start.AddSeconds(243).UtcDateTime, row.ObservedAt, TimeSpan.FromMilliseconds(1)));
    }

    private static ObservedLimits Of(string credential, DateTimeOffset observedAt) =>
        new() { Credential = credential, Provider = "p", Limits = new PlanLimits { Status = "allowed" }, Detail = "d", ObservedAt = observedAt };
}
