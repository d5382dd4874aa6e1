namespace Trinity.ControlPlane.Commands;

/// <summary><c>serve</c>: answers the API until it is told to stop.</summary>
internal static class ServeCommand
{
    public static async Task RunAsync(string[] settings, CancellationToken cancellationToken)
    {
        await using var app = ControlPlaneApp.Create(settings);
        await ControlPlaneApp.PrepareAsync(app, cancellationToken);
        await app.RunAsync(cancellationToken);
    }
}
