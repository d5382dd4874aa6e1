using System.Text.Json;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Turns what a file holds into a login, or into a sentence that holds nothing of the file.</summary>
internal static class LoginFile
{
    private const string Expired = "The login has expired; open the CLI once in this home.";

    /// <param name="home">The directory.</param>
    /// <param name="name">Of the file in it.</param>
    /// <param name="missing">The sentence for when there is none.</param>
    /// <param name="read">Reads the file's JSON, whatever that is.</param>
    public static HomeLogin Read(string home, string name, string missing, Func<JsonElement, HomeLogin> read)
    {
        var file = HomeFile.Read(Path.Combine(home, name));
        if (file.Content is not { } content)
        {
            return Problem(file.Damage is { } damage ? $"The file {name} of this home {damage}." : missing);
        }

        try
        {
            return read(JsonElement.Parse(content));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter: text that is no Unicode
        {
            return Problem($"The file {name} of this home is not the JSON that it should be.");
        }
    }

    /// <remarks>An expired token is not renewed: that is its CLI's to do, whose refresh token is good for once.</remarks>
    public static HomeLogin ToLogin(string name, string? token, string? accountId, string? plan, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (token is null || !CredentialWord.IsOne(token))
        {
            return Problem($"The file {name} of this home holds no token.");
        }

        return expiresAt <= now ? Problem(Expired) : ToLogin(token, accountId, plan);
    }

    public static HomeLogin ToLogin(string token, string? accountId = null, string? plan = null) =>
        new(new UsageCredential(new SecretString(token), accountId), CredentialFingerprint.Of(token), plan, Problem: null);

    public static HomeLogin Problem(string sentence) => new(Credential: null, Fingerprint: "", Plan: null, sentence);
}
