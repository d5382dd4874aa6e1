namespace Trinity.ControlPlane.Components;

/// <summary>The reply to a form that was done: go and look. Reloading that page sends no form again.</summary>
internal static class SeeOther
{
    public static IResult To(HttpContext http, string path)
    {
        http.Response.Headers.Location = path;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}
