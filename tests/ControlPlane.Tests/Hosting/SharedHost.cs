namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>One control plane for all cases of a class that leave nothing behind which another case could trip over.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    internal ControlPlaneHost Host { get; private set; } = null!;

    internal ApiClient Admin => Host.Admin;

    public async ValueTask InitializeAsync() => Host = await ControlPlaneHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A name that no other case uses.</summary>
    internal static string NewName() => $"n{Guid.CreateVersion7():N}";
}
