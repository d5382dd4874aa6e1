using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Finds the logins that CLIs left in a home. Never throws for what is in there, writes nothing, and renews no token.</summary>
[SuppressMessage("Performance", "CA1822", Justification = "All of it is asked of one object, whether or not that needs the clock.")]
internal sealed class HomeLogins(TimeProvider time)
{
    private const string OpenRouterVariable = "OPENROUTER_API_KEY";
    private static readonly string[] Files = [ClaudeLogin.FileName, CodexLogin.FileName, HomeEnvironment.FileName];

    /// <param name="home">The directory.</param>
    /// <param name="channel">One of <see cref="UsageChannels"/>.</param>
    /// <param name="environment">What the home's <c>.env</c> sets; this process's own environment is nobody's login.</param>
    public HomeLogin Read(string home, string channel, IReadOnlyDictionary<string, string> environment) => channel switch
    {
        UsageChannels.Anthropic => ReadClaude(home, environment),
        UsageChannels.Codex => LoginFile.Read(home, CodexLogin.FileName, CodexLogin.Missing, file => CodexLogin.Read(file, time.GetUtcNow())),
        UsageChannels.OpenRouter => FromEnvironment(environment, OpenRouterVariable) ?? LoginFile.Problem("This home has no key of OpenRouter."),
        _ => LoginFile.Problem("Homes have no logins for this channel."),
    };

    /// <summary>Another one after anything has changed that logins are read from.</summary>
    public string VersionOf(string home)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in Files)
        {
            var file = HomeFile.Read(Path.Combine(home, name));
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{file.Exists} {file.Damage} {file.Stamp.Size} {file.Stamp.WrittenAt} {file.Content?.Length}\n"));
            hash.AppendData(file.Content ?? []);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>The channels that the home has something for, usable or not.</summary>
    public IReadOnlyList<string> ChannelsOf(string home)
    {
        var environment = HomeEnvironment.Read(home);
        var channels = new List<string>();
        if (Has(home, ClaudeLogin.FileName) || FromEnvironment(environment, ClaudeLogin.Variable) is not null)
        {
            channels.Add(UsageChannels.Anthropic);
        }

        if (Has(home, CodexLogin.FileName))
        {
            channels.Add(UsageChannels.Codex);
        }

        if (FromEnvironment(environment, OpenRouterVariable) is not null)
        {
            channels.Add(UsageChannels.OpenRouter);
        }

        return channels;
    }

    // The file knows plan and expiry; a setup token stands in for it wherever it is of no use.
    private HomeLogin ReadClaude(string home, IReadOnlyDictionary<string, string> environment)
    {
        var login = LoginFile.Read(home, ClaudeLogin.FileName, ClaudeLogin.Missing, file => ClaudeLogin.Read(file, time.GetUtcNow()));
        return login.Credential is null ? FromEnvironment(environment, ClaudeLogin.Variable) ?? login : login;
    }

    private static bool Has(string home, string name) => HomeFile.Read(Path.Combine(home, name)).Exists;

    private static HomeLogin? FromEnvironment(IReadOnlyDictionary<string, string> environment, string variable) =>
        environment.TryGetValue(variable, out var value) && CredentialWord.IsOne(value) ? LoginFile.ToLogin(value) : null;
}
