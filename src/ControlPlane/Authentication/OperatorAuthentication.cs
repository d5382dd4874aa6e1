using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Components;
using Trinity.ControlPlane.Components.Session;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OperatorTokens;

namespace Trinity.ControlPlane.Authentication;

/// <summary>Authenticates <c>Authorization: Bearer tro_…</c>, in the console its session, against the operator tokens; a revoked one is refused from the next request on.</summary>
internal sealed class OperatorAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, OperatorTokenStore tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "OperatorToken";
    private const string Prefix = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Token() is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        // Only the hash is looked up: neither SQL nor timing can tell anything of the token.
        var row = await tokens.FindActiveAsync(OperatorToken.Hash(token), Context.RequestAborted);
        if (row is null)
        {
            return AuthenticateResult.Fail("The operator token is unknown or revoked.");
        }

        var identity = new ClaimsIdentity([new(ClaimTypes.Name, row.Name), new(ClaimTypes.Role, row.Role)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (ConsolePaths.IsConsole(Request))
        {
            return ConsoleSession.ChallengeAsync(Context);
        }

        var invalid = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = invalid ? "Bearer realm=\"trinity\", error=\"invalid_token\"" : "Bearer realm=\"trinity\"";
        var detail = invalid ? "The operator token is unknown or revoked." : "Send an operator token: Authorization: Bearer tro_…";
        return new Problem(StatusCodes.Status401Unauthorized, "Unauthorized", detail).ToResult().ExecuteAsync(Context);
    }

    /// <summary>What an operator is told whose role does not allow what he asks for.</summary>
    public static Problem Forbidden(ClaimsPrincipal user) =>
        new(StatusCodes.Status403Forbidden, "Forbidden", $"This needs the role {OperatorRoles.Admin}; the token '{user.OperatorName()}' has the role {OperatorRoles.Viewer}.");

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => ConsoleProblem.Of(Context, Forbidden(Context.User)).ExecuteAsync(Context);

    // A browser sends a cookie by itself, whoever made it send the request: the API takes none, and the console, which does, guards its forms.
    private string? Token()
    {
        if (ConsolePaths.IsConsole(Request))
        {
            return ConsoleSession.TokenOf(Request);
        }

        var header = Request.Headers.Authorization.ToString();
        return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim() : null;
    }
}
