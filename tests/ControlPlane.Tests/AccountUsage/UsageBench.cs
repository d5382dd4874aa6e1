using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage;

/// <summary>A control plane whose accounts live at a fake provider.</summary>
internal sealed class UsageBench : IAsyncDisposable
{
    public const string UsagePath = "/api/oauth/usage";

    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);

    private UsageBench(FakeProvider provider, ControlPlaneHost host) => (Provider, Host) = (provider, host);

    public FakeProvider Provider { get; }

    public ControlPlaneHost Host { get; }

    public LimitsStore Limits => Host.Services.GetRequiredService<LimitsStore>();

    public static async Task<UsageBench> StartAsync(string[]? settings = null, IHomeProber? homes = null, PostgresDatabase? database = null)
    {
        var provider = await FakeProvider.StartAsync();
        var host = await ControlPlaneHost.StartAsync(
            ["--ControlPlane:AllowPrivateUpstreams", "true", "--ControlPlane:SubscriptionProvider", provider.BaseUrl, .. settings ?? []],
            database,
            configure: services =>
            {
                if (homes is not null)
                {
                    services.Replace(ServiceDescriptor.Singleton(homes));
                }
            });
        return new UsageBench(provider, host);
    }

    /// <summary>Registers a subscription, or rolls its token over.</summary>
    public async Task<string> PutSubscriptionAsync(string name)
    {
        var token = _tokens[name] = Canaries.New("anthropic-oauth");
        var reply = await Host.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{token}}"}""");
        Assert.True((int)reply.Status is 200 or 201, reply.Text);
        return token;
    }

    public string FingerprintOf(string subscription) => CredentialFingerprint.Of(_tokens[subscription]);

    public static FakeReply UsageReply(double fiveHourPercent, double sevenDayPercent = 10)
    {
        var reset = TimeProvider.System.GetUtcNow().AddHours(3).ToString("O", CultureInfo.InvariantCulture);
        var body = string.Create(CultureInfo.InvariantCulture, $$$"""
            {"five_hour": {"utilization": {{{fiveHourPercent}}}, "resets_at": "{{{reset}}}"}, "seven_day": {"utilization": {{{sevenDayPercent}}}, "resets_at": "{{{reset}}}"}}
            """);
        return FakeReply.Json(200, body);
    }

    /// <summary>As a bridge would write what it saw.</summary>
    public Task HearAsync(string credential, double used, string source = LimitsSource.Live, double secondsAgo = 0, string window = PlanWindows.FiveHour, string? status = "allowed") => Limits.WriteAsync(
        new LimitsReading(
            credential,
            source,
            "test",
            new PlanLimits { Status = status, Windows = [new() { Name = window, Utilization = used, ResetsAt = TimeProvider.System.GetUtcNow().AddHours(3) }] },
            TimeProvider.System.GetUtcNow().AddSeconds(-secondsAgo)),
        Timeouts.Token);

    public async Task<ApiReply> GetAsync(string id, bool refresh = false) => (await Host.Admin.GetAsync($"account-usage/{id}{(refresh ? "?refresh=true" : "")}")).Is(200);

    public async Task<JsonNode> FindAsync(string id) =>
        (await Host.Admin.GetAsync("account-usage")).Is(200).Items.Single(item => item!["id"]!.GetValue<string>() == id)!;

    /// <summary>The names of the provider's keys as credentials, in order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(string type) => (await Host.Database.ScalarAsync<string[]>(
        $"select array_agg('key:' || k.id order by k.ordinal) from ai_provider_keys k join ai_providers p on p.id = k.provider_id where p.type = '{type}'"))!;

    /// <summary>As a bridge would report a key that it lets rest.</summary>
    public async Task CoolAsync(string key, string reason, int seconds, bool live = true)
    {
        var replica = await Host.AddReplicaAsync(generation: 1, live);
        var until = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToString("O", CultureInfo.InvariantCulture);
        await Host.SetReplicaAsync(replica, $$$"""cooling = '[{"key_id": "{{{key["key:".Length..]}}}", "reason": "{{{reason}}}", "until": "{{{until}}}"}]'""");
    }

    /// <summary>The credentials that something is known of.</summary>
    public async Task<IReadOnlyList<string>> CredentialsAsync() =>
        (await Host.Database.ScalarAsync<string[]>("select coalesce(array_agg(distinct credential), '{}') from account_limits"))!;

    /// <summary>Lets what was asked look as if it had been asked that long ago.</summary>
    public Task AgeProbesAsync(int seconds) => Host.Database.ExecuteAsync(
        $"update account_probes set started_at = started_at - interval '{seconds} seconds'; update account_limits set observed_at = observed_at - interval '{seconds} seconds'");

    public async ValueTask DisposeAsync()
    {
        foreach (var table in (string[])["account_limits", "account_probes", "account_usage_history", "subscriptions"])
        {
            Canaries.AssertAbsentFrom(await Host.Database.ScalarAsync<string>($"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t") ?? "", table);
        }

        await Host.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
