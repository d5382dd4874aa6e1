namespace Trinity.AiBridge.Proxy;

/// <summary>The bridge's routes: probes that need no key, and everything else through <see cref="ProxyEndpoint"/>.</summary>
internal static class ProxyRoutes
{
    private static readonly string[] Probes = [HttpMethods.Get, HttpMethods.Head];

    public static void MapAiBridge(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<ProxyEndpoint>();
        app.MapMethods("/", Probes, () => Results.Text("Trinity AiBridge\n"));
        app.MapMethods("/{provider}", Probes, (string provider) => Results.Ok());
        app.Map("/{**path}", endpoint.HandleAsync);
    }
}
