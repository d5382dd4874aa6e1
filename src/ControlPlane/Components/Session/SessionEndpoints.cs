using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Components.Pages;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OperatorTokens;

namespace Trinity.ControlPlane.Components.Session;

/// <summary>Signing in and out.</summary>
internal static class SessionEndpoints
{
    private const string TokenField = "token";

    private static readonly string[] ShowOrSignIn = [HttpMethods.Get, HttpMethods.Post];

    public static void MapSession(this IEndpointRouteBuilder app)
    {
        app.MapMethods(ConsolePaths.SignIn, ShowOrSignIn, SignInAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapPost(ConsolePaths.SignOut, SignOut).RequireAuthorization(policy => policy.RequireAuthenticatedUser()).ExcludeFromDescription(); // viewers too
    }

    private static async Task<IResult> SignInAsync(HttpContext http, OperatorTokenStore tokens, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Request.Method))
        {
            return Page(http.Request.Query[ConsoleSession.ReturnField], FormState.Empty, StatusCodes.Status200OK);
        }

        var form = await ConsoleForm.ReadAsync(http.Request, cancellationToken);
        var token = form[TokenField];
        if (token.Length == 0 || await tokens.FindActiveAsync(OperatorToken.Hash(token), cancellationToken) is null)
        {
            var problem = Problem.Invalid(TokenField, token.Length == 0 ? "An operator token is required." : "The operator token is unknown or revoked.");
            return Page(form[ConsoleSession.ReturnField], form.Failed(problem), StatusCodes.Status400BadRequest);
        }

        ConsoleSession.Begin(http, token);
        var page = form[ConsoleSession.ReturnField];
        return SeeOther.To(http, ConsolePaths.IsOwn(page) ? page : ConsolePaths.Root);
    }

    private static IResult SignOut(HttpContext http)
    {
        ConsoleSession.End(http);
        return SeeOther.To(http, ConsolePaths.SignIn);
    }

    private static PageResult<SignInPage, SignInModel> Page(string? returnPath, FormState form, int status) =>
        new(new SignInModel(ConsolePaths.IsOwn(returnPath) ? returnPath : null, form), status);
}
