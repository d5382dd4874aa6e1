using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Trinity.ControlPlane.Components;

namespace Trinity.ControlPlane.Authentication;

/// <summary>What an operator token may do.</summary>
internal static class OperatorRoles
{
    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    /// <summary>Read everything except operator tokens.</summary>
    public const string Viewer = "viewer";
}

/// <summary>Who may call what. All is closed unless named here: an endpoint without a policy needs an admin.</summary>
internal static class OperatorPolicies
{
    /// <summary>Reads by any operator, everything else by admins.</summary>
    public const string Operator = "operator";

    public const string Admin = "admin";

    /// <summary>Any operator, whatever the method: for what looks at roles itself.</summary>
    public const string AnyOperator = "any-operator";

    /// <summary>The only paths that answer without a token: probes, metrics and the API's description hold no secrets; the console's sign-in page asks for one, in the console's looks.</summary>
    public static readonly IReadOnlyList<string> AnonymousPaths = ["/healthz", "/readyz", "/metrics", "/openapi/v1.json", ConsolePaths.SignIn, ConsolePaths.Stylesheet];

    public static IServiceCollection AddOperatorAuthentication(this IServiceCollection services)
    {
        // Not AddAuthentication, which also brings data protection and its key files, for cookies that we do not have: the console's holds an operator token.
        services.AddWebEncoders();
        services.AddTransient<OperatorAuthentication>();
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = OperatorAuthentication.SchemeName;
            options.AddScheme<OperatorAuthentication>(OperatorAuthentication.SchemeName, displayName: null);
        });
        services.AddAuthorizationBuilder()
            .AddPolicy(Operator, policy => policy.RequireAuthenticatedUser().RequireAssertion(MayUseMethod))
            .AddPolicy(AnyOperator, policy => policy.RequireRole(OperatorRoles.Admin, OperatorRoles.Viewer))
            .AddPolicy(Admin, policy => policy.RequireRole(OperatorRoles.Admin))
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(MayPass).Build());
        return services;
    }

    public static string OperatorName(this ClaimsPrincipal user) => user.Identity?.Name ?? "";

    private static bool MayUseMethod(AuthorizationHandlerContext context) =>
        context.User.IsInRole(OperatorRoles.Admin)
        || (context.User.IsInRole(OperatorRoles.Viewer) && context.Resource is HttpContext http && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)));

    // No endpoint, or the router's own 404 and 405: any operator may learn of those. A real endpoint that forgot its policy is closed to viewers.
    private static bool MayPass(AuthorizationHandlerContext context) =>
        context.User.IsInRole(OperatorRoles.Admin) || (context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint);
}
