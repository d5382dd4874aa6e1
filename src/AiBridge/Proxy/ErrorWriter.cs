using System.Globalization;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Providers;

namespace Trinity.AiBridge.Proxy;

/// <summary>Writes an answer of our own in the vendor's shape.</summary>
internal static class ErrorWriter
{
    public static async Task WriteAsync(HttpContext context, Dialect dialect, BridgeError error, Guid interceptionId)
    {
        var body = DialectWriter.ErrorBody(dialect, error, interceptionId);
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers[ReplyHeaders.InterceptionId] = interceptionId.ToString("D"); // again: a failed attempt may have cleared it
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
