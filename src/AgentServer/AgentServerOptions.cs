using Microsoft.Extensions.Options;

namespace Trinity.AgentServer;

/// <summary>Boot-time settings of the agent server.</summary>
internal sealed class AgentServerOptions
{
    public const string Section = "AgentServer";

    /// <summary>Where to listen: one <c>http://</c> address.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:8090";

    /// <summary>The bearer token that <c>/api</c> asks for; empty: none, which only a loopback address may do.</summary>
    public string Token { get; set; } = "";

    /// <summary>Whether it takes credentials while it runs. Without, it answers 404 to all of <c>/api/credentials</c>, and a new credential needs a new container.</summary>
    public bool CredentialReload { get; set; } = true;
}

/// <summary>Refuses to start on an address that others can reach without a token.</summary>
internal sealed class AgentServerOptionsValidator : IValidateOptions<AgentServerOptions>
{
    private const int ShortestToken = 16;

    public ValidateOptionsResult Validate(string? name, AgentServerOptions options)
    {
        var failures = new List<string>();
        if (ListenAddress.TryParse(options.Listen) is not { } address)
        {
            failures.Add($"AgentServer:Listen is '{options.Listen}'; it must be one address of the form http://host:port.");
        }
        else if (options.Token.Length == 0 && !address.IsLoopback)
        {
            failures.Add($"AgentServer:Listen is '{options.Listen}', which other machines can reach: set TRINITY_AGENTSERVER__TOKEN, or listen on 127.0.0.1.");
        }

        if (options.Token.Length > 0 && (options.Token.Length < ShortestToken || options.Token.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0))
        {
            failures.Add($"TRINITY_AGENTSERVER__TOKEN must be at least {ShortestToken} printable ASCII characters without spaces.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
