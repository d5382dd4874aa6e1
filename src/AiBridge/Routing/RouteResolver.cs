using System.Diagnostics.CodeAnalysis;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Providers;

namespace Trinity.AiBridge.Routing;

/// <summary>Where a request goes.</summary>
internal sealed record ResolvedRoute(ProviderModel Provider, IProvider Type, BridgeRoute Route, PathString UpstreamPath);

/// <summary>Step 2 of the request path: the provider and route of a path, as the caller may use them.</summary>
internal static class RouteResolver
{
    /// <summary>Splits <c>/{provider}/rest</c>; the name is empty when there is none.</summary>
    public static string ProviderName(PathString path, out PathString rest)
    {
        var text = path.Value ?? "";
        var end = text.IndexOf('/', Math.Min(1, text.Length));
        rest = end < 0 ? PathString.Empty : new PathString(text[end..]);
        return text.Length < 2 ? "" : end < 0 ? text[1..] : text[1..end];
    }

    /// <param name="method">The request's.</param>
    /// <param name="name">The provider's, and</param>
    /// <param name="rest">what follows it: both of <see cref="ProviderName"/>.</param>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="route">Null when refused.</param>
    /// <param name="error">Null when resolved.</param>
    public static bool TryResolve(
        string method, string name, PathString rest, ConfigSnapshot snapshot, Caller caller, [NotNullWhen(true)] out ResolvedRoute? route, [NotNullWhen(false)] out BridgeError? error)
    {
        route = null;
        if (!snapshot.Providers.TryGetValue(name, out var provider))
        {
            error = BridgeError.NotFound("unknown_provider", $"There is no provider named \"{Printable(name)}\".");
            return false;
        }

        error = Permission(provider, caller);
        if (error is not null)
        {
            return false;
        }

        var type = ProviderCatalog.Get(provider.Config.Type);
        if (IsAmbiguous(rest) || type.Match(rest) is not { } match)
        {
            error = BridgeError.NotFound("route_not_supported", $"Route not supported: {Printable(method)} {Printable(rest.Value ?? "/")}.");
            return false;
        }

        route = new ResolvedRoute(provider, type, match.Route, match.UpstreamPath);
        return true;
    }

    private static BridgeError? Permission(ProviderModel provider, Caller caller)
    {
        if (caller.Key.Providers is { } allowed && !allowed.Contains(provider.Name, StringComparer.Ordinal))
        {
            return BridgeError.Forbidden("provider_not_allowed", $"The virtual key may not use provider \"{provider.Name}\".");
        }

        return provider.State switch
        {
            ProviderState.Disabled => BridgeError.Unavailable("provider_disabled", $"AI provider \"{provider.Name}\" is disabled."),
            ProviderState.Error => BridgeError.Unavailable("provider_misconfigured", $"AI provider \"{provider.Name}\" has an unusable configuration; its operator sees why."),
            _ => null,
        };
    }

    // The path that we judge must be the path that the upstream sees: nothing that another server may decode or resolve differently.
    private static bool IsAmbiguous(PathString rest) =>
        rest.Value is { } text
        && (text.Contains('\\', StringComparison.Ordinal)
            || text.Contains('%', StringComparison.Ordinal) // what the server left encoded (%2F), or was encoded twice
            || text.Contains("//", StringComparison.Ordinal)
            || text.Contains("/..", StringComparison.Ordinal)
            || text.Contains("/./", StringComparison.Ordinal)
            || text.EndsWith("/.", StringComparison.Ordinal));

    private static string Printable(string text)
    {
        var shown = text.Length > 80 ? text[..80] + "…" : text;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
