namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>All channels by name, and the connections that they share.</summary>
internal sealed class UsageChannelSet : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly Dictionary<string, IUsageChannel> _channels;

    private UsageChannelSet(HttpMessageInvoker invoker, IEnumerable<IUsageChannel> channels)
    {
        _invoker = invoker;
        _channels = channels.ToDictionary(channel => channel.Name, StringComparer.Ordinal);
    }

    public IReadOnlyCollection<string> Names => _channels.Keys;

    /// <param name="providers">Where they ask.</param>
    /// <param name="connect">Makes the connections, which must not follow redirects; see <see cref="Http.ProbeInvoker"/>.</param>
    /// <param name="time">For deadlines.</param>
    /// <param name="loggers">For what somebody should look at.</param>
    public static UsageChannelSet Create(UsageProviders providers, Func<HttpMessageInvoker> connect, TimeProvider time, ILoggerFactory loggers)
    {
        var invoker = connect();
        var call = new ChannelCall(invoker, time);
        return new UsageChannelSet(invoker,
        [
            new AnthropicChannel(providers.Anthropic, call, time, loggers.CreateLogger<AnthropicChannel>()),
            new CodexChannel(providers.Codex, call),
            new OpenRouterChannel(providers.OpenRouter, call),
        ]);
    }

    /// <returns>Null: there is no channel of this name.</returns>
    public IUsageChannel? Find(string name) => _channels.GetValueOrDefault(name);

    public void Dispose() => _invoker.Dispose();
}
