using System.Threading.Channels;
using Npgsql;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Tests.Notifications;

/// <summary>Every committed change is announced, nothing else is, and the announcement is empty.</summary>
public sealed class NotificationTests
{
    [Fact]
    public async Task Providers_EverySuccessfulWrite_Notifies()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await using var bus = await Listener.StartAsync(host.Database);

        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        await bus.ExpectAsync(NotificationChannels.AiProviders);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": false}""")).Is(200);
        await bus.ExpectAsync(NotificationChannels.AiProviders);
        (await host.Admin.PatchAsync("providers/main", $$"""{"api_keys": [{"api_key": "{{Canaries.New("anthropic-key")}}"}]}""")).Is(200);
        await bus.ExpectAsync(NotificationChannels.AiProviders);
        (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202);
        await bus.ExpectAsync(NotificationChannels.AiProviders);
        (await host.Admin.DeleteAsync("providers/main")).Is(204);
        await bus.ExpectAsync(NotificationChannels.AiProviders);
        await bus.ExpectSilenceAsync();
    }

    [Fact]
    public async Task VirtualKeys_EverySuccessfulWrite_Notifies()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await using var bus = await Listener.StartAsync(host.Database);

        (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).Is(201);
        await bus.ExpectAsync(NotificationChannels.VirtualKeys);
        (await host.Admin.PatchAsync("virtual-keys/ci", """{"models": ["claude-*"]}""")).Is(200);
        await bus.ExpectAsync(NotificationChannels.VirtualKeys);
        (await host.Admin.DeleteAsync("virtual-keys/ci")).Is(204);
        await bus.ExpectAsync(NotificationChannels.VirtualKeys);
        await bus.ExpectSilenceAsync();
    }

    [Fact]
    public async Task Writes_ThatFailOrOnlyRead_NotifyNobody()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var revision = await host.RevisionAsync();
        await using var bus = await Listener.StartAsync(host.Database);

        (await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai"}""")).IsProblem(409);
        (await host.Admin.PostAsync("providers", """{"name": "bad name", "type": "openai"}""")).IsProblem(400);
        (await host.Admin.PostAsync("providers", """{"name": """)).IsProblem(400);
        (await host.Admin.PatchAsync("providers/other", """{"enabled": false}""")).IsProblem(404);
        (await host.Admin.PatchAsync("providers/main", "{}")).IsProblem(400);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": false}""", ifMatch: "\"7\"")).IsProblem(412);
        (await host.Admin.PostAsync("providers/main/rotate", """{"api_key": ""}""")).IsProblem(400);
        (await host.Admin.DeleteAsync("providers/other")).IsProblem(404);
        (await host.Admin.DeleteAsync("virtual-keys/other")).IsProblem(404);
        (await host.Anonymous.PostAsync("providers", """{"name": "x", "type": "openai"}""")).IsProblem(401);
        (await host.Admin.GetAsync("providers")).Is(200);

        await bus.ExpectSilenceAsync();
        Assert.Equal(revision, await host.RevisionAsync());
    }

    [Fact]
    public async Task Notification_Read_SeesTheCommittedChange()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await using var bus = await Listener.StartAsync(host.Database);

        var created = host.Admin.CreateProviderAsync("main");
        await bus.ExpectAsync(NotificationChannels.AiProviders);

        Assert.Equal(1, await host.Database.ScalarAsync<long>("select count(*) from ai_providers where name = 'main'"));
        await created;
    }

    [Fact]
    public async Task Writer_WithoutTheApi_NotifiesToo_AndARollbackDoesNot()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main");
        await using var bus = await Listener.StartAsync(host.Database);

        await host.Database.ExecuteAsync("update ai_providers set enabled = false where name = 'nobody'");
        await host.Database.ExecuteAsync("begin; update ai_providers set enabled = false; rollback");
        await bus.ExpectSilenceAsync();
        await host.Database.ExecuteAsync("update ai_providers set enabled = false");
        await bus.ExpectAsync(NotificationChannels.AiProviders);
    }

    /// <summary>A listener that is told apart from silence by a message of its own.</summary>
    private sealed class Listener(NpgsqlConnection connection, PostgresDatabase database) : IAsyncDisposable
    {
        private const string Marker = "test_marker";

        private readonly Channel<string> _received = Channel.CreateUnbounded<string>();
        private readonly CancellationTokenSource _stop = new();
        private Task _loop = Task.CompletedTask;

        public static async Task<Listener> StartAsync(PostgresDatabase database)
        {
            var connection = await database.DataSource.OpenConnectionAsync(Timeouts.Token);
            var listener = new Listener(connection, database);
            connection.Notification += (_, notification) =>
            {
                Assert.Empty(notification.Payload);
                listener._received.Writer.TryWrite(notification.Channel);
            };
            await using var command = new NpgsqlCommand($"listen {NotificationChannels.AiProviders}; listen {NotificationChannels.VirtualKeys}; listen {Marker}", connection);
            await command.ExecuteNonQueryAsync(Timeouts.Token);
            listener._loop = listener.RunAsync();
            return listener;
        }

        public async Task ExpectAsync(string channel) => Assert.Equal(channel, await _received.Reader.ReadAsync(Timeouts.Token));

        /// <summary>Notifications arrive in commit order, so whatever came before the marker would be seen first.</summary>
        public async Task ExpectSilenceAsync()
        {
            await database.ExecuteAsync($"notify {Marker}");
            await ExpectAsync(Marker);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            await connection.DisposeAsync();
            _stop.Dispose();
        }

        private async Task RunAsync()
        {
            try
            {
                while (true)
                {
                    await connection.WaitAsync(_stop.Token);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // the test is over
            }
        }
    }
}
