using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Components;

/// <summary>What every request to the console passes first: its replies' security headers, and the refusal of what other sites make browsers send.</summary>
internal static class ConsoleGuard
{
    /// <remarks>Not <c>no-referrer</c>: under that a browser sends <c>Origin: null</c> with our own forms, and those that send no <c>Sec-Fetch-Site</c> could not be told from other sites.</remarks>
    private const string ReferrerPolicy = "same-origin";

    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>Before routing. A browser that asks for <c>/</c> is sent to the console.</summary>
    public static void UseConsole(this WebApplication app) => app.Use(GuardAsync);

    /// <summary>Whether a request that changes something comes from a page of ours. Without both headers it comes from no browser of today: refused.</summary>
    public static bool IsOwnForm(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        return site.Count > 0
            ? site == "same-origin"
            : string.Equals(request.Headers.Origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        if (request.Path == "/" && HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Redirect(ConsolePaths.Root);
            return Task.CompletedTask;
        }

        if (!ConsolePaths.IsConsole(request))
        {
            return next(http);
        }

        http.Response.OnStarting(SetHeaders, http.Response); // at the last moment: whoever answers with an error clears what was set before
        var isSafe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return isSafe || IsOwnForm(request)
            ? next(http)
            : ConsoleProblem.Of(http, new Problem(StatusCodes.Status403Forbidden, "Forbidden", "This form was not sent from a page of this console. Nothing was changed.")).ExecuteAsync(http);
    }

    private static Task SetHeaders(object response)
    {
        var headers = ((HttpResponse)response).Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = ReferrerPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
