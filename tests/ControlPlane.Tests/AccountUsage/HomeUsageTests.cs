using System.Collections.Concurrent;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;
using static Trinity.ControlPlane.Tests.AccountUsage.UsageBench;

namespace Trinity.ControlPlane.Tests.AccountUsage;

/// <summary>Homes with a CLI's own login. What is in a home is read for its fingerprint; its own process asks.</summary>
public sealed class HomeUsageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ScriptedProber _prober = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Home_IsAskedThroughItsProcess_AndShown()
    {
        var token = Login("ada");
        await using var bench = await StartAsync(Homes("ada"), _prober);
        _prober.Answer = (_, _) => Task.FromResult((Known(0.4), CredentialFingerprint.Of(token)));

        var view = await bench.GetAsync("home:ada:anthropic", refresh: true);

        Assert.Equal(("home", "anthropic", "available", "40", "max"), (view.At("kind"), view.At("provider"), view.At("status"), view.At("limits[0].used_percent"), view.At("plan")));
        Assert.Equal([(Path("ada"), UsageChannels.Anthropic)], _prober.Asked);
        Canaries.AssertAbsentFrom(view.Text, "the reply");
    }

    [Fact] // G-4: the login was renewed between the look and the answer
    public async Task LoginRenewedDuringAProbe_TheAnswerIsTheNewLoginsAlone()
    {
        Login("ada");
        await using var bench = await StartAsync(Homes("ada"), _prober);
        _prober.Answer = (_, _) => Task.FromResult((Known(0.9), CredentialFingerprint.Of(Login("ada"))));

        var view = await bench.GetAsync("home:ada:anthropic", refresh: true);

        Assert.Equal("90", view.At("limits[0].used_percent")); // read again after the answer: it is of the login that is there now
        Assert.Single(await bench.CredentialsAsync());
    }

    [Fact] // P-50 to P-54
    public async Task LoginChanges_ItsOwnProcessesGo_AndNoOtherHomes()
    {
        Login("ada");
        Login("bob");
        await using var bench = await StartAsync(Homes("ada", "bob"), _prober);
        await bench.Host.Admin.GetAsync("account-usage");

        Login("ada");
        await bench.Host.Admin.GetAsync("account-usage");
        await bench.Host.Admin.GetAsync("account-usage");

        Assert.Equal([Path("ada")], _prober.Flushed);
    }

    [Fact]
    public async Task NoLogin_IsNoAccount()
    {
        Directory.CreateDirectory(Path("empty"));
        await using var bench = await StartAsync(Homes("empty", "missing"), _prober);

        Assert.Empty((await bench.Host.Admin.GetAsync("account-usage")).Is(200).Items);
        (await bench.Host.Admin.GetAsync("account-usage/home:empty:anthropic")).IsProblem(404);
    }

    private string Login(string home)
    {
        var token = Canaries.New("anthropic-oauth");
        Directory.CreateDirectory(System.IO.Path.Combine(Path(home), ".claude"));
        var expires = TimeProvider.System.GetUtcNow().AddHours(8).ToUnixTimeMilliseconds();
        File.WriteAllText(System.IO.Path.Combine(Path(home), ".claude", ".credentials.json"), $$$"""{"claudeAiOauth": {"accessToken": "{{{token}}}", "expiresAt": {{{expires}}}, "subscriptionType": "max"}}""");
        return token;
    }

    private string Path(string home) => _directory.File(home);

    private string[] Homes(params string[] homes) => ["--AccountUsage:Homes", string.Join(';', homes.Select(home => $"{home}={Path(home)}"))];

    private static UsageReply Known(double used) => new(UsageVerdict.Known)
    {
        Detail = "test",
        Limits = new PlanLimits { Windows = [new() { Name = PlanWindows.FiveHour, Utilization = used, ResetsAt = TimeProvider.System.GetUtcNow().AddHours(1) }] },
    };

    private sealed class ScriptedProber : IHomeProber
    {
        public Func<string, string, Task<(UsageReply, string)>> Answer { get; set; } = (_, _) => Task.FromResult((new UsageReply(UsageVerdict.Unavailable), ""));

        public ConcurrentQueue<(string Home, string Channel)> Asked { get; } = new();

        public ConcurrentQueue<string> Flushed { get; } = new();

        public async Task<ProbeReply> ProbeAsync(string home, string channel, CancellationToken cancellationToken)
        {
            Asked.Enqueue((home, channel));
            var (reply, credential) = await Answer(home, channel);
            return new ProbeReply(reply, credential, Cold: false);
        }

        public void Flush(string home) => Flushed.Enqueue(home);
    }
}
