using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.OperatorTokens;

namespace Trinity.ControlPlane.Authentication;

/// <summary>Authenticates <c>Authorization: Bearer tro_…</c> against the operator tokens; a revoked one is refused from the next request on.</summary>
internal sealed class OperatorAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, OperatorTokenStore tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "OperatorToken";
    private const string Prefix = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        // Only the hash is looked up: neither SQL nor timing can tell anything of the token.
        var row = await tokens.FindActiveAsync(OperatorToken.Hash(header[Prefix.Length..].Trim()), Context.RequestAborted);
        if (row is null)
        {
            return AuthenticateResult.Fail("The operator token is unknown or revoked.");
        }

        var identity = new ClaimsIdentity([new(ClaimTypes.Name, row.Name), new(ClaimTypes.Role, row.Role)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var invalid = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = invalid ? "Bearer realm=\"trinity\", error=\"invalid_token\"" : "Bearer realm=\"trinity\"";
        var detail = invalid ? "The operator token is unknown or revoked." : "Send an operator token: Authorization: Bearer tro_…";
        return new Http.Problem(StatusCodes.Status401Unauthorized, "Unauthorized", detail).ToResult().ExecuteAsync(Context);
    }

    /// <summary>What an operator is told whose role does not allow what he asks for.</summary>
    public static Http.Problem Forbidden(ClaimsPrincipal user) =>
        new(StatusCodes.Status403Forbidden, "Forbidden", $"This needs the role {OperatorRoles.Admin}; the token '{user.OperatorName()}' has the role {OperatorRoles.Viewer}.");

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Forbidden(Context.User).ToResult().ExecuteAsync(Context);
}
