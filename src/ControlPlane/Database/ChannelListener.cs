using Npgsql;

namespace Trinity.ControlPlane.Database;

/// <summary>Listens to one Postgres channel on a connection of its own. Notifications are only hints: after every (re)connection it calls back too, because what came in between is lost.</summary>
internal static class ChannelListener
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(5);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="database">Where to listen.</param>
    /// <param name="channel">A constant of ours; it becomes part of a statement.</param>
    /// <param name="heard">Called on the connection's thread; it must be quick.</param>
    /// <param name="time">The clock of the retries.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(NpgsqlDataSource database, string channel, Action heard, TimeProvider time, CancellationToken cancellationToken)
    {
        var retry = FirstRetry;
        while (true)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                connection.Notification += (_, _) => heard();
                await using (var listen = new NpgsqlCommand($"listen {channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(cancellationToken);
                }

                retry = FirstRetry;
                heard(); // first listening, then looking: a change in between is seen by both, not by none
                while (true)
                {
                    await connection.WaitAsync(cancellationToken);
                }
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)
            {
                await Task.Delay(retry, time, cancellationToken); // whoever is called looks by itself meanwhile
            }

            retry = retry * 2 < MaxRetry ? retry * 2 : MaxRetry;
        }
    }
}
