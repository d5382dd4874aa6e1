using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>One or two control planes on one database, with subscriptions and agents. No engine answers, so what agents are given is written down and not delivered.</summary>
internal sealed class SwitchBench : IAsyncDisposable
{
    public const string Provider = "anthropic";

    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);

    private SwitchBench(PostgresDatabase database, IReadOnlyList<ControlPlaneHost> hosts) => (Database, Hosts) = (database, hosts);

    public PostgresDatabase Database { get; }

    public IReadOnlyList<ControlPlaneHost> Hosts { get; }

    public ControlPlaneHost Host => Hosts[0];

    public AutoSwitchService Switcher => Service<AutoSwitchService>();

    /// <param name="subscriptions">To register, by name.</param>
    /// <param name="hosts">How many control planes.</param>
    public static async Task<SwitchBench> StartAsync(string[] subscriptions, int hosts = 1)
    {
        var database = await ControlPlaneHost.CreateDatabaseAsync();
        string[] settings =
        [
            "--ENCRYPTION_KEYS", $"test:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}",
            "--ControlPlane:Engine", $"tcp://127.0.0.1:{FreePort.Next()}",
        ];
        var started = new List<ControlPlaneHost>();
        for (var i = 0; i < hosts; i++)
        {
            started.Add(await ControlPlaneHost.StartAsync(settings, database));
        }

        var bench = new SwitchBench(database, started);
        foreach (var name in subscriptions)
        {
            await bench.PutSubscriptionAsync(name);
        }

        return bench;
    }

    public T Service<T>(int host = 0)
        where T : notnull => Hosts[host].Services.GetRequiredService<T>();

    /// <summary>Registers a subscription, or rolls its token over.</summary>
    public async Task PutSubscriptionAsync(string name)
    {
        _tokens[name] = Canaries.New("anthropic-oauth");
        var reply = await Host.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{_tokens[name]}}"}""");
        Assert.True((int)reply.Status is 200 or 201, reply.Text);
    }

    /// <summary>Gives the subscription a ceiling of its own, or the settings' again.</summary>
    public async Task PutCeilingAsync(string name, int? percent) =>
        (await Host.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{_tokens[name]}}", "soft_ceiling_percent": {{percent?.ToString(CultureInfo.InvariantCulture) ?? "null"}}}""")).Is(200);

    public string FingerprintOf(string subscription) => CredentialFingerprint.Of(_tokens[subscription]);

    /// <summary>The agents' provider, with a key of its own.</summary>
    public Task AddProviderKeyAsync() => Host.Admin.CreateProviderAsync(Provider, Canaries.New("anthropic-key"));

    /// <summary>Writes an agent down that is stopped.</summary>
    public async Task<AgentRow> AddAgentAsync(string name, string? subscription, string via = AgentVia.Bridge)
    {
        var now = Service<TimeProvider>().GetUtcNow();
        var secrets = Service<AgentSecrets>();
        await using var connection = await Service<AgentStore>().OpenAsync(Timeouts.Token);
        var row = new AgentRow
        {
            Id = Guid.CreateVersion7(),
            Name = name,
            Runtime = "claude-code",
            Image = "trinity-agent:1",
            Auth = subscription is null ? AgentAuth.ApiKey : AgentAuth.Subscription,
            SubscriptionId = subscription is null ? null : await SubscriptionIdAsync(subscription),
            Provider = Provider,
            Via = via,
            DesiredState = AgentIntent.Stopped,
            BridgeUrl = new ControlPlaneOptions().BridgeUrl,
            CreatedAt = now.UtcDateTime,
            UpdatedAt = now.UtcDateTime,
        };
        var agent = secrets.WithVirtualKey(secrets.WithNewToken(row), Guid.CreateVersion7(), Canaries.New("virtual-key"));
        await Service<AgentStore>().InsertAsync(connection, agent, Timeouts.Token);
        await Service<AgentGenerations>().RecordAsync(connection, agent, "created", Timeouts.Token);
        return agent;
    }

    /// <summary>As an operator would.</summary>
    public async Task AssignAsync(AgentRow agent, string subscription)
    {
        await using var held = await Service<AgentLocks>().AcquireAsync(agent.Id, Timeouts.Token);
        await Service<AgentAssignment>().AssignAsync(held, agent, AgentAuth.Subscription, await FindSubscriptionAsync(subscription), "admin", "by hand", Timeouts.Token);
    }

    public async Task<SubscriptionRow?> FindSubscriptionAsync(string name)
    {
        await using var connection = await Service<SubscriptionStore>().OpenAsync(Timeouts.Token);
        return await Service<SubscriptionStore>().FindAsync(connection, new IdOrName(null, name), Timeouts.Token);
    }

    public async Task<Guid> SubscriptionIdAsync(string name) => await Database.ScalarAsync<Guid>($"select id from subscriptions where name = '{name}'");

    public async Task<AgentRow> ReadAsync(string agent)
    {
        await using var connection = await Service<AgentStore>().OpenAsync(Timeouts.Token);
        return (await Service<AgentStore>().FindAsync(connection, new IdOrName(null, agent), Timeouts.Token))!;
    }

    /// <summary>The agent's subscription, or how else it authenticates, with its generation.</summary>
    public async Task<(string Works, long Generation)> NowAsync(string agent)
    {
        var row = await ReadAsync(agent);
        return (row.SubscriptionId is { } id ? (await Database.ScalarAsync<string>($"select name from subscriptions where id = '{id}'"))! : row.Auth, row.Generation);
    }

    /// <summary>A task that has ended so, having started on this generation.</summary>
    public static TaskView Ended(TaskOutcome outcome, long generation = 1, string? error = "You've hit your limit.", string? id = null) => new()
    {
        TaskId = id ?? Guid.CreateVersion7().ToString("N"),
        Outcome = outcome,
        Generation = generation,
        Error = error,
    };

    /// <summary>Has a task of the agent hit the limit.</summary>
    public Task<SwitchDecision?> LimitAsync(AgentRow agent, long generation = 1, int host = 0) =>
        Service<AutoSwitchService>(host).OnTaskEndedAsync(agent, Ended(TaskOutcome.RateLimited, generation), Timeouts.Token);

    /// <summary>Reports what a bridge would.</summary>
    public async Task<Guid> RefuseAsync(Guid virtualKey, string fingerprint, int status = 429, string? limits = null, DateTimeOffset? requestedAt = null, bool isClaimed = false)
    {
        var id = Guid.CreateVersion7();
        var now = Service<TimeProvider>().GetUtcNow();
        await using var command = Database.DataSource.CreateCommand("""
            insert into credential_refusals (id, virtual_key_id, fingerprint, provider, status, limits, requested_at, refused_at, replica_id, claimed_at)
            values ($1, $2, $3, 'anthropic', $4, $5::jsonb, $6, $7, $1, case when $8 then now() end)
            """);
        foreach (var value in new object[] { id, virtualKey, fingerprint, status, (object?)limits ?? DBNull.Value, requestedAt ?? now, now, isClaimed })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(Timeouts.Token);
        return id;
    }

    public async Task WhenHandledAsync() =>
        await Eventually.TrueAsync(async () => await Database.ScalarAsync<long>("select count(*) from credential_refusals where handled_at is null") == 0, "all refusals are handled");

    /// <summary>Failures as <c>subscription kind source agent generation</c>, in the order of their names.</summary>
    public async Task<IReadOnlyList<string>> FailuresAsync()
    {
        var rows = new List<string>();
        await using var command = Database.DataSource.CreateCommand(
            "select concat_ws(' ', subscription, kind, source, coalesce(agent, '-'), coalesce(generation::text, '-')) from subscription_failures order by 1");
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        while (await reader.ReadAsync(Timeouts.Token))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    /// <summary>The entries of an agent's timeline of one kind, newest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> TimelineAsync(string agent, string kind) =>
        [.. (await Host.Admin.GetAsync($"agents/{agent}/timeline")).Is(200).Items.Where(entry => entry!["kind"]!.GetValue<string>() == kind).Select(entry => entry!)];

    public async Task<IReadOnlyList<string>> NotificationsAsync() =>
        [.. (await Host.Admin.GetAsync("notifications")).Is(200).Items.Select(entry => entry!["title"]!.GetValue<string>())];

    public async ValueTask DisposeAsync()
    {
        foreach (var table in (string[])["subscription_failures", "credential_refusals", "account_limits", "agent_timeline", "notifications"])
        {
            Canaries.AssertAbsentFrom(await Database.ScalarAsync<string>($"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t") ?? "", table);
        }

        foreach (var host in Hosts)
        {
            await host.DisposeAsync();
        }

        await Database.DisposeAsync();
    }
}
