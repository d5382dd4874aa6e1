using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Components.Models;

namespace Trinity.ControlPlane.Components;

/// <summary>A reply that is a page: rendered once, as text, with nothing of it left on the server.</summary>
internal sealed class PageResult<TPage, TModel>(TModel model, int status = StatusCodes.Status200OK) : IResult
    where TPage : ConsolePage<TModel>
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(Parameters(httpContext))).ToHtmlString());
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = "text/html; charset=utf-8";
        await httpContext.Response.WriteAsync(html, httpContext.RequestAborted);
    }

    private ParameterView Parameters(HttpContext http)
    {
        var user = http.User;
        var signedIn = user.Identity?.IsAuthenticated == true ? new SignedIn(user.OperatorName(), user.IsInRole(OperatorRoles.Admin)) : null;
        return ParameterView.FromDictionary(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(ConsolePage<>.Model)] = model,
            [nameof(ConsolePage<>.Operator)] = signedIn,
        });
    }
}
