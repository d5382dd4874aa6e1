namespace Trinity.AiBridge.Providers;

/// <summary>The API whose requests and replies a route carries.</summary>
internal enum Dialect
{
    Messages,
    ChatCompletions,
    Responses,
}

/// <summary>A path that a provider type serves. Instances are static: their number bounds the metrics' label.</summary>
/// <param name="Pattern">The path below the provider, ids replaced by <c>{id}</c>.</param>
/// <param name="Dialect">Decides error shapes, keep-alive and usage.</param>
/// <param name="Bridged">Observed and recorded, or passed through and only counted.</param>
internal sealed record BridgeRoute(string Pattern, Dialect Dialect, bool Bridged);

/// <summary>A request's path, matched.</summary>
/// <param name="Route">What it is.</param>
/// <param name="UpstreamPath">The path to append to the provider's base URL.</param>
internal readonly record struct RouteMatch(BridgeRoute Route, PathString UpstreamPath);
