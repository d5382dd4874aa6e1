using Microsoft.AspNetCore.Http.Features;

namespace Trinity.AiBridge.Routing;

/// <summary>Tells a WebSocket's opening request from one that merely carries an <c>Upgrade</c> header, as some clients always do.</summary>
internal static class WebSocketUpgrade
{
    public static bool IsAskedFor(HttpRequest request)
    {
        var features = request.HttpContext.Features;
        return (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } && string.Equals(request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase))
            || features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
    }
}
