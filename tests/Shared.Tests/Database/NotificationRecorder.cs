using Npgsql;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Database;

/// <summary>Listens to the configuration channels on a connection of its own.</summary>
internal sealed class NotificationRecorder : IAsyncDisposable
{
    private const string Sentinel = "sentinel";

    private readonly NpgsqlConnection _connection;
    private readonly List<(string Channel, string Payload)> _received = []; // written and read by the one test that owns us, between its commands

    private NotificationRecorder(NpgsqlConnection connection)
    {
        _connection = connection;
        _connection.Notification += (_, notification) => _received.Add((notification.Channel, notification.Payload));
    }

    public static async Task<NotificationRecorder> StartAsync(NpgsqlDataSource dataSource)
    {
        var recorder = new NotificationRecorder(await dataSource.OpenConnectionAsync(Timeouts.Token));
        await recorder.ExecuteAsync($"listen {NotificationChannels.AiProviders}; listen {NotificationChannels.VirtualKeys}; listen {Sentinel}");
        return recorder;
    }

    /// <summary>What was committed until now. Postgres delivers in commit order, so whatever is missing when our own mark arrives was never sent.</summary>
    public async Task<IReadOnlyList<(string Channel, string Payload)>> TakeAsync()
    {
        await ExecuteAsync($"notify {Sentinel}");
        while (!_received.Exists(notification => notification.Channel == Sentinel))
        {
            await _connection.WaitAsync(Timeouts.Token);
        }

        var taken = _received.Where(notification => notification.Channel != Sentinel).ToList();
        _received.Clear();
        return taken;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(Timeouts.Token);
    }
}
