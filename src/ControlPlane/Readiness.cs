using System.Net.Sockets;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Database;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane;

/// <summary><c>/readyz</c>: the database answers and has this release's schema.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public static async Task<IResult> CheckAsync(SchemaMigrator migrator, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Limit, time, cancellationToken);
        try
        {
            return await migrator.IsCurrentAsync(deadline.Token) ? Results.Text("ready") : NotReady("The database has another schema version than this release.");
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException or OperationCanceledException)
        {
            return NotReady("The database cannot be reached.");
        }
    }

    private static ProblemHttpResult NotReady(string why) => new Problem(StatusCodes.Status503ServiceUnavailable, "Not ready", why).ToResult();
}
