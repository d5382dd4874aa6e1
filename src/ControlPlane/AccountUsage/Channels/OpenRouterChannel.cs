namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Asks OpenRouter about a key.</summary>
internal sealed class OpenRouterChannel(string provider, ChannelCall call) : IUsageChannel
{
    public const string Detail = "key";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public string Name => UsageChannels.OpenRouter;

    public async Task<UsageReply> AskAsync(UsageCredential credential, CancellationToken cancellationToken)
    {
        var address = ChannelCall.Address(credential.BaseUrl ?? provider, "key");
        var response = await call.GetAsync(address, credential.Token, [], OpenRouterUsage.Read, Limit, cancellationToken);
        return response.Status == StatusCodes.Status403Forbidden ? response.Refused(Detail) : response.ToReply(Detail);
    }
}
