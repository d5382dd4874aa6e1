using System.Text.Json;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Claude Code's own login in a home.</summary>
internal static class ClaudeLogin
{
    public const string FileName = ".claude/.credentials.json";

    /// <summary>The variable of a setup token.</summary>
    public const string Variable = "CLAUDE_CODE_OAUTH_TOKEN";

    public const string Missing = "This home has no login of Claude Code.";

    public static HomeLogin Read(JsonElement file, DateTimeOffset now)
    {
        var login = file.Object("claudeAiOauth");
        return LoginFile.ToLogin(FileName, login?.Text("accessToken"), accountId: null, login?.Word("subscriptionType"), login?.UnixMilliseconds("expiresAt"), now);
    }
}
