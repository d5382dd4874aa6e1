using Npgsql;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>Hears one Postgres channel, on a connection of its own.</summary>
internal sealed class ChannelListener(NpgsqlConnection connection) : IAsyncDisposable
{
    public static async Task<ChannelListener> StartAsync(PostgresDatabase database, string channel)
    {
        var connection = await database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var listen = new NpgsqlCommand($"listen {channel}", connection);
        await listen.ExecuteNonQueryAsync(Timeouts.Token);
        return new ChannelListener(connection);
    }

    /// <summary>Waits for the next notification.</summary>
    public Task WhenNotifiedAsync() => connection.WaitAsync(Timeouts.Token);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
