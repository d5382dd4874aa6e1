using Microsoft.Extensions.Logging;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>The channels, with one strict fake in every provider's place and a clock that stands still.</summary>
internal sealed class ChannelBench : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;

    private ChannelBench(FakeProvider fake, string? provider, bool allowsLoopback)
    {
        Fake = fake;
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
        var root = provider ?? fake.BaseUrl;
        Channels = UsageChannelSet.Create(
            new UsageProviders(root, $"{root}/backend-api", $"{root}/api/v1"), () => ProbeInvoker.Create(new UpstreamAddressPolicy(allowsLoopback)), Time, _loggers);
    }

    public FakeProvider Fake { get; }

    public ManualTimeProvider Time { get; } = new();

    public CapturedLogs Logs { get; } = new();

    public UsageChannelSet Channels { get; }

    public static async Task<ChannelBench> StartAsync(string? provider = null, bool allowsLoopback = true) => new(await FakeProvider.StartAsync(), provider, allowsLoopback);

    public static UsageCredential Credential(string token, string? account = null, string? baseUrl = null) => new(new SecretString(token), account, baseUrl);

    /// <summary>Asks, and looks for planted secrets in what comes of it.</summary>
    public async Task<UsageReply> AskAsync(string channel, UsageCredential credential)
    {
        var reply = await Channels.Find(channel)!.AskAsync(credential, Timeouts.Token);
        Canaries.AssertAbsentFrom($"{reply} {reply.Limits?.ToJson()}", "the reply");
        Canaries.AssertAbsentFrom(Logs.Text, "the log");
        Assert.True(reply.Problem is null or { Length: > 0 and <= 180 }, reply.Problem);
        Assert.Equal(reply.Verdict == UsageVerdict.Known, reply.Limits is not null);
        Assert.Equal(reply.Verdict == UsageVerdict.Known, reply.Problem is null);
        return reply;
    }

    public Task<UsageReply> AskAsync(string channel, string token) => AskAsync(channel, Credential(token));

    public async ValueTask DisposeAsync()
    {
        Channels.Dispose();
        _loggers.Dispose();
        Logs.Dispose();
        await Fake.DisposeAsync();
    }
}
