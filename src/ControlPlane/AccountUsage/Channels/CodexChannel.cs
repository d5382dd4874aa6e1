namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Asks ChatGPT's backend for the limits of the plan that Codex works on, or another backend at its own path.</summary>
internal sealed class CodexChannel(string provider, ChannelCall call) : IUsageChannel
{
    public const string Detail = "codex_usage";

    private const string ChatGptSuffix = "/backend-api";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly (string Name, string Value) Originator = ("originator", "codex_cli_rs"); // whom the endpoint is made for

    public string Name => UsageChannels.Codex;

    /// <remarks>A 403 is no verdict on the credential: it may as well come from what stands before the backend.</remarks>
    public async Task<UsageReply> AskAsync(UsageCredential credential, CancellationToken cancellationToken)
    {
        var root = (credential.BaseUrl ?? provider).TrimEnd('/');
        var address = ChannelCall.Address(root, root.EndsWith(ChatGptSuffix, StringComparison.Ordinal) ? "wham/usage" : "api/codex/usage");
        var account = credential.AccountId ?? CodexToken.Read(credential.Token.Reveal()).AccountId;
        var response = await call.GetAsync(address, credential.Token, account is null ? [Originator] : [Originator, ("ChatGPT-Account-ID", account)], CodexUsage.Read, Limit, cancellationToken);
        return response.ToReply(Detail);
    }
}
