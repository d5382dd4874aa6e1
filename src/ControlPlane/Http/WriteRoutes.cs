namespace Trinity.ControlPlane.Http;

/// <summary>Marks an endpoint that changes configuration: it takes <c>?wait=applied&amp;timeout=…</c>.</summary>
internal sealed class WriteMetadata;

internal static class WriteRoutes
{
    /// <summary>The part of a group that changes configuration.</summary>
    public static RouteGroupBuilder MapWrites(this RouteGroupBuilder group) =>
        group.MapGroup("").AddEndpointFilter<RouteGroupBuilder, WaitFilter>().WithMetadata(new WriteMetadata());
}
