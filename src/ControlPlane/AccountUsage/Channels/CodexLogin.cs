using System.Text.Json;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Codex's own login in a home.</summary>
internal static class CodexLogin
{
    public const string FileName = ".codex/auth.json";

    public const string Missing = "This home has no login of Codex.";

    public static HomeLogin Read(JsonElement file, DateTimeOffset now)
    {
        var tokens = file.Object("tokens");
        if (tokens?.Text("access_token") is not { Length: > 0 } token)
        {
            return file.Text("OPENAI_API_KEY") is { Length: > 0 }
                ? LoginFile.Problem("Codex works with an API key in this home, and those have no plan with limits.")
                : LoginFile.ToLogin(FileName, token: null, accountId: null, plan: null, expiresAt: null, now);
        }

        var claims = CodexToken.Read(token);
        var account = tokens?.Text("account_id") is { } id && CredentialWord.IsOne(id) ? id : claims.AccountId;
        return LoginFile.ToLogin(FileName, token, account, claims.Plan, claims.ExpiresAt, now);
    }
}
