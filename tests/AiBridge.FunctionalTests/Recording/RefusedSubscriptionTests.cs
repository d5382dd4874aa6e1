using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.ControlPlane;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>A bridge and a control plane that know of each other what is in the database: what the one sees refused, the other acts on.</summary>
public sealed class RefusedSubscriptionTests
{
    [Fact] // AS-1, HZ-3
    public async Task RequestsOfAnAgent_RefusedForItsSubscription_MoveItOnce()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await using var control = await StartControlPlaneAsync(bench);
        var (first, second) = (await PutSubscriptionAsync(control, "first"), await PutSubscriptionAsync(control, "second"));
        await PutSubscriptionAsync(control, "third");
        var agent = await AddAgentAsync(control, "robot", "first");
        await bench.AppliedAsync();
        var gate = new FakeGate();
        bench.Upstream.Respond(request => request.Header("Authorization") == $"Bearer {first}"
            ? FakeReply.TooManyRequests().WithHeader("anthropic-ratelimit-unified-status", "rejected").WithHeader("anthropic-ratelimit-unified-reset", "4070908800").GatedBy(gate)
            : Models.Blocking(Models.Messages));
        var virtualKey = control.Services.GetRequiredService<AgentSecrets>().VirtualKey(agent)!.Reveal();

        var refused = Enumerable.Range(0, 5).Select(_ => SendAsync(bench, virtualKey, first)).ToList();
        await bench.Upstream.WhenReceivedAsync(5);
        gate.Open();
        Assert.All(await Task.WhenAll(refused), status => Assert.Equal(429, status));
        await HandledAsync(bench, 5);
        Assert.Equal(200, await SendAsync(bench, virtualKey, second)); // what the agent works with now
        Assert.Equal(429, await SendAsync(bench, virtualKey, first)); // and a task that still runs on the old one
        await HandledAsync(bench, 6);

        Assert.Equal("second 2", await bench.Database.ScalarAsync<string>("select s.name || ' ' || a.generation from agents a join subscriptions s on s.id = a.subscription_id"));
        Assert.Equal("first 1 6", await bench.Database.ScalarAsync<string>("select subscription || ' ' || generation || ' ' || count(*) from subscription_failures group by subscription, generation"));
        Assert.Equal(1, await bench.Database.ScalarAsync<long>("select count(*) from agent_timeline where kind = 'subscription_auto_switch'"));
        Assert.Equal(new DateTime(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc), await bench.Database.ScalarAsync<DateTime>("select resets_at from subscription_failures limit 1"));
        Canaries.AssertAbsentFrom(bench.Bridge.Logs.Text, "the log");
    }

    private static async Task<WebApplication> StartControlPlaneAsync(TestBench bench)
    {
        string[] args =
        [
            "--Database", bench.Database.ConnectionString, "--Data", bench.Bridge.Data, "--ENCRYPTION_KEYS", bench.EncryptionKeys,
            "--ControlPlane:Listen", "http://127.0.0.1:0", "--ControlPlane:Engine", $"tcp://127.0.0.1:{FreePort.Next()}",
        ];
        var app = ControlPlaneApp.Create(args, builder => builder.Logging.ClearProviders().AddProvider(bench.Bridge.Logs));
        await ControlPlaneApp.PrepareAsync(app, Timeouts.Token);
        await app.StartAsync(Timeouts.Token);
        return app;
    }

    private static async Task<string> PutSubscriptionAsync(WebApplication control, string name)
    {
        var token = Canaries.New("anthropic-oauth");
        var put = await control.Services.GetRequiredService<SubscriptionService>().PutAsync(new PutSubscriptionRequest { Name = name, Token = token }, "admin", Timeouts.Token);
        Assert.False(put.Failed(out _, out _));
        return token;
    }

    private static async Task<AgentRow> AddAgentAsync(WebApplication control, string name, string subscription)
    {
        var services = control.Services;
        await using var write = await services.GetRequiredService<WriteTransactions>().BeginAsync(Timeouts.Token);
        var row = new AgentRow
        {
            Id = Guid.CreateVersion7(),
            Name = name,
            Runtime = "claude-code",
            Image = "trinity-agent:1",
            Auth = AgentAuth.Subscription,
            SubscriptionId = (await services.GetRequiredService<SubscriptionStore>().FindAsync(write.Connection, new IdOrName(null, subscription), Timeouts.Token))!.Id,
            Provider = "anthropic",
            DesiredState = AgentIntent.Stopped,
            BridgeUrl = new ControlPlaneOptions().BridgeUrl,
            CreatedAt = DateTime.UnixEpoch,
            UpdatedAt = DateTime.UnixEpoch,
        };
        row = await services.GetRequiredService<AgentVirtualKeys>().MintAsync(write, services.GetRequiredService<AgentSecrets>().WithNewToken(row), "admin", Timeouts.Token);
        await services.GetRequiredService<AgentStore>().InsertAsync(write.Connection, row, Timeouts.Token);
        await services.GetRequiredService<AgentGenerations>().RecordAsync(write.Connection, row, "created", Timeouts.Token);
        await write.CommitAsync(Timeouts.Token);
        return row;
    }

    private static async Task<int> SendAsync(TestBench bench, string virtualKey, string token)
    {
        using var request = bench.Request(Models.Messages);
        request.Headers.Authorization = new("Bearer", token);
        request.Headers.TryAddWithoutValidation("X-Trinity-Key", virtualKey);
        using var reply = await bench.SendAsync(request);
        return (int)reply.StatusCode;
    }

    private static Task HandledAsync(TestBench bench, int count) => Eventually.TrueAsync(
        async () => await bench.Database.ScalarAsync<long>("select count(*) from credential_refusals where handled_at is not null") == count, $"{count} refusals are handled");
}
