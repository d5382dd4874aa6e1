using System.Buffers.Text;
using System.Text;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>Access tokens as ChatGPT gives them out, save for the signature.</summary>
internal static class JwtText
{
    public static string Of(string claims) => $"{Part("""{"alg":"RS256"}""")}.{Part(claims)}.{Canaries.New("signature")[^20..]}";

    /// <param name="account">The claim's, as JSON.</param>
    /// <param name="expires">In seconds since 1970.</param>
    public static string Of(string account, long expires) =>
        Of($$$"""{"exp": {{{expires}}}, "https://api.openai.com/auth": {"chatgpt_account_id": {{{account}}}, "chatgpt_plan_type": "pro"}}""");

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
