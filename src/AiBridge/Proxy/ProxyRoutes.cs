namespace Trinity.AiBridge.Proxy;

/// <summary>The bridge's routes: probes that need no key, and everything else through <see cref="ProxyEndpoint"/>.</summary>
internal static class ProxyRoutes
{
    private static readonly string[] Probes = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>To be called first: what has two segments is a provider's, and goes past the server's own routing, which would cost more than our own.</summary>
    public static void UseAiBridge(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<ProxyEndpoint>();
        app.Use(next => context => IsProviderPath(context.Request.Path) ? endpoint.HandleAsync(context) : next(context));
        app.UseRouting();
        app.MapMethods("/", Probes, () => Results.Text("Trinity AiBridge\n"));
        app.MapMethods("/{provider}", Probes, (string provider) => Results.Ok());
        app.Map("/{**path}", endpoint.HandleAsync);
    }

    private static bool IsProviderPath(PathString path) => path.Value is { Length: > 2 } text && text.IndexOf('/', 1) is > 0 and var second && second < text.Length - 1;
}
