namespace Trinity.ControlPlane.OpenApi;

/// <summary>A query parameter, for the API's description; handlers read it themselves.</summary>
internal sealed record QueryParameter(string Name, string Description);

internal static class QueryParameterExtensions
{
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, string name, string description) =>
        endpoint.WithMetadata(new QueryParameter(name, description));

    /// <summary>The two parameters of every paged list.</summary>
    public static RouteHandlerBuilder WithPaging(this RouteHandlerBuilder endpoint) => endpoint
        .WithQuery("limit", "1 to 1000, 100 unless told.")
        .WithQuery("after", "The previous page's `next`.");
}
