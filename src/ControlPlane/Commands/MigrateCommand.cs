using Trinity.Shared.Database;

namespace Trinity.ControlPlane.Commands;

/// <summary><c>migrate</c>: brings the database's schema up to date.</summary>
internal static class MigrateCommand
{
    public static async Task RunAsync(string[] settings, TextWriter output, CancellationToken cancellationToken)
    {
        await using var app = ControlPlaneApp.CreateForCommand(settings);
        var applied = await MigrateAsync(app, cancellationToken);
        await output.WriteLineAsync(applied == 0 ? "The schema is up to date." : $"{applied} migrations applied; the schema is up to date.");
    }

    private static async Task<int> MigrateAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            return await app.Services.GetRequiredService<SchemaMigrator>().MigrateAsync(cancellationToken);
        }
        catch (InvalidOperationException newer)
        {
            throw new StartupException(newer.Message);
        }
    }
}
