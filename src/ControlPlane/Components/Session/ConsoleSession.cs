namespace Trinity.ControlPlane.Components.Session;

/// <summary>The console's session: the operator token itself, in a cookie that only the console's pages get. Each request is checked against the database, by whichever control plane takes it.</summary>
internal static class ConsoleSession
{
    public const string Cookie = "trinity_operator";
    public const string ReturnField = "return";

    /// <summary>Null outside of the console, and without a session.</summary>
    public static string? TokenOf(HttpRequest request) => ConsolePaths.IsConsole(request) ? request.Cookies[Cookie] : null;

    public static void Begin(HttpContext http, string token) => http.Response.Cookies.Append(Cookie, token, OptionsOf(http));

    public static void End(HttpContext http) => http.Response.Cookies.Delete(Cookie, OptionsOf(http));

    /// <summary>Sends whoever has no session, or not any more, to the sign-in page, and from there back to the page that was asked for.</summary>
    public static Task ChallengeAsync(HttpContext http)
    {
        if (http.Request.Cookies.ContainsKey(Cookie))
        {
            End(http);
        }

        var page = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path.ToUriComponent() : ConsolePaths.Root;
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = page == ConsolePaths.Root || !ConsolePaths.IsOwn(page)
            ? ConsolePaths.SignIn
            : $"{ConsolePaths.SignIn}?{ReturnField}={Uri.EscapeDataString(page)}";
        return Task.CompletedTask;
    }

    private static CookieOptions OptionsOf(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Path = ConsolePaths.Root,
        Secure = http.Request.IsHttps,
    };
}
