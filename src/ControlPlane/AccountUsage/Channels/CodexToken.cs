using System.Buffers.Text;
using System.Text.Json;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>What a ChatGPT access token, a JWT, says of itself. Nobody checks its signature here: it is only sent back to who signed it.</summary>
internal sealed record CodexToken(string? AccountId, string? Plan, DateTimeOffset? ExpiresAt)
{
    private const string Claims = "https://api.openai.com/auth";
    private static readonly CodexToken Opaque = new(null, null, null);

    /// <summary>Never throws: what cannot be read says nothing.</summary>
    public static CodexToken Read(string token)
    {
        if (!CredentialWord.IsOne(token) || token.Split('.') is not [_, { Length: > 0 } payload, _] || !Base64Url.IsValid(payload))
        {
            return Opaque;
        }

        try
        {
            var claims = JsonElement.Parse(Base64Url.DecodeFromChars(payload));
            var auth = claims.Object(Claims);
            return new CodexToken(auth?.Text("chatgpt_account_id") is { } account && CredentialWord.IsOne(account) ? account : null, auth?.Word("chatgpt_plan_type"), claims.UnixSeconds("exp"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Opaque;
        }
    }
}
