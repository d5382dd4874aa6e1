namespace Trinity.ControlPlane.Http;

/// <summary>Marks an endpoint that changes configuration: it takes <c>?wait=applied&amp;timeout=…</c>.</summary>
internal sealed class WriteMetadata;

/// <summary>Marks an endpoint that honours <c>If-Match</c>.</summary>
internal sealed class ConditionalMetadata;

internal static class WriteRoutes
{
    /// <summary>The part of a group that changes configuration.</summary>
    public static RouteGroupBuilder MapWrites(this RouteGroupBuilder group) =>
        group.MapGroup("").AddEndpointFilter<RouteGroupBuilder, WaitFilter>().WithMetadata(new WriteMetadata());

    /// <summary>Says that the endpoint honours <c>If-Match</c>.</summary>
    public static RouteHandlerBuilder WithIfMatch(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new ConditionalMetadata());
}
