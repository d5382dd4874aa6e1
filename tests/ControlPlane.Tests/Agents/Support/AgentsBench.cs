using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>Control planes on one database and one engine, with a provider and a subscription named <c>first</c>. On dispose, all that the engine was told is searched for planted secrets.</summary>
internal sealed class AgentsBench : IAsyncDisposable
{
    private readonly List<ControlPlaneHost> _hosts = [];
    private readonly string _keys;
    private readonly bool _looks;

    private AgentsBench(PostgresDatabase database, bool looks, TimeSpan clockOff)
    {
        Database = database;
        _looks = looks;
        Time = new LeapingTime(clockOff);
        _keys = $"k1:{Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))}";
    }

    public PostgresDatabase Database { get; }

    public InMemoryEngine Engine { get; } = new();

    public LeapingTime Time { get; }

    public ControlPlaneHost Host => _hosts[0];

    public ApiClient Api => Host.Admin;

    /// <summary>The token of the subscription <c>first</c>.</summary>
    public string Token { get; private set; } = "";

    /// <param name="looks">Whether control planes look after agents by themselves; else one round is made by <see cref="LookAsync"/>.</param>
    /// <param name="clockOff">How far the control planes' clock is ahead of the database's.</param>
    public static async Task<AgentsBench> StartAsync(bool looks = false, TimeSpan clockOff = default)
    {
        var bench = new AgentsBench(await ControlPlaneHost.CreateDatabaseAsync(), looks, clockOff);
        await bench.AddHostAsync();
        await bench.Api.CreateProviderAsync("anthropic", Canaries.New("anthropic-key"));
        bench.Token = await bench.PutSubscriptionAsync("first");
        return bench;
    }

    /// <summary>Another control plane beside the first.</summary>
    /// <param name="looks">Null: as all of them.</param>
    /// <param name="settings">More settings, as on the command line.</param>
    public async Task<ControlPlaneHost> AddHostAsync(bool? looks = null, params string[] settings)
    {
        var host = await ControlPlaneHost.StartAsync(["--ENCRYPTION_KEYS", _keys, .. settings], Database, Time, services =>
        {
            services.AddSingleton<IAgentRuntime>(Engine);
            if (!(looks ?? _looks))
            {
                Quieten(services);
            }
        });
        _hosts.Add(host);
        return host;
    }

    /// <summary>The API of another control plane than the first, as the same operator.</summary>
    public ApiClient ApiOf(ControlPlaneHost host) => host.As(File.ReadAllText(Host.TokenFile).Trim());

    /// <summary>One control plane ends in the middle of what it does.</summary>
    public async Task EndAsync(ControlPlaneHost host)
    {
        _hosts.Remove(host);
        await host.DisposeAsync();
    }

    /// <summary>Registers a subscription, or rolls its token over.</summary>
    /// <returns>The new token.</returns>
    public async Task<string> PutSubscriptionAsync(string name, string query = "")
    {
        var token = Canaries.New("anthropic-oauth");
        var reply = await Api.PostAsync($"subscriptions{query}", $$"""{"name": "{{name}}", "token": "{{token}}"}""");
        Assert.True((int)reply.Status is 200 or 201, reply.Text);
        return token;
    }

    /// <summary>Creates an agent; unless the members say otherwise, on the subscription <c>first</c> through the bridge.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="members">More members of the request, as JSON, such as <c>"image": "…"</c>.</param>
    public async Task<ApiReply> CreateAsync(string name, string members = "\"subscription\": \"first\"") =>
        (await TryCreateAsync(name, members)).Is(201);

    public Task<ApiReply> TryCreateAsync(string name, string members = "\"subscription\": \"first\"")
    {
        var image = members.Contains("\"image\"", StringComparison.Ordinal) ? "" : $"\"image\": \"{InMemoryEngine.Image}\", ";
        var runtime = members.Contains("\"runtime\"", StringComparison.Ordinal) ? "" : "\"runtime\": \"claude-code\", ";
        return Api.PostAsync("agents", $$"""{{{image}}{{runtime}}"name": "{{name}}", {{members}}}""");
    }

    public async Task<ApiReply> GetAsync(string name) => (await Api.GetAsync($"agents/{name}")).Is(200);

    public Task<ApiReply> AssignAsync(string name, string subscription, ApiClient? api = null) =>
        (api ?? Api).SendAsync(HttpMethod.Put, $"agents/{name}/subscription", $$"""{"subscription": "{{subscription}}"}""");

    /// <summary>One round of a control plane over all agents, as it makes it every second.</summary>
    public Task LookAsync(ControlPlaneHost? host = null, CancellationToken? power = null) =>
        (host ?? Host).Services.GetRequiredService<AgentReconciler>().ReconcileAsync(power ?? Timeouts.Token);

    /// <summary>Takes an agent's lock as another control plane would.</summary>
    public async Task<HeldLock> LockAsync(string agent) => await HeldLock.TakeAsync(Database, await IdAsync(agent));

    public async Task<Guid> IdAsync(string agent) => await Database.ScalarAsync<Guid>($"select id from agents where name = '{agent}'");

    public Task<long> GenerationAsync(string agent) => Database.ScalarAsync<long>($"select generation from agents where name = '{agent}'");

    /// <summary>Waits until the API shows the agent like this; for what control planes do by themselves.</summary>
    public async Task<ApiReply> WhenAsync(string agent, Func<ApiReply, bool> condition, string because)
    {
        ApiReply? last = null;
        try
        {
            await Eventually.TrueAsync(async () => condition(last = await GetAsync(agent)), because);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; it is {last?.Text}", late);
        }

        return last!;
    }

    /// <summary>What the engine, and whoever may ask it, can see of containers: labels, events, log, and of newer images the environment.</summary>
    public void AssertNoSecrets()
    {
        foreach (var container in Engine.Ever)
        {
            Canaries.AssertAbsentFrom(Text(container.Labels), $"The labels of {container.Name}");
            Canaries.AssertAbsentFrom(container.Log.Text, $"The log of {container.Name}");
            if (!container.Image.IsOld)
            {
                Canaries.AssertAbsentFrom(Text(container.Environment.Where(variable => variable.Key != InMemoryEngine.OwnToken)), $"The environment of {container.Name}");
            }
        }

        Canaries.AssertAbsentFrom(string.Join('\n', Engine.Events.All.Select(happened => $"{happened.Action} {Text(happened.Labels)}")), "The engine's events");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            AssertNoSecrets();
            Canaries.AssertAbsentFrom(await TablesAsync(), "The tables");
        }
        finally
        {
            foreach (var host in _hosts)
            {
                await host.DisposeAsync();
            }

            await Engine.DisposeAsync();
            await Database.DisposeAsync();
        }
    }

    // Their services stay; only nobody calls them of his own accord.
    private static void Quieten(IServiceCollection services)
    {
        var hosted = services.Where(service => service.ServiceType == typeof(IHostedService) && TypeOf(service)?.Namespace is { } space
            && (space.StartsWith("Trinity.ControlPlane.Agents", StringComparison.Ordinal) || space.StartsWith("Trinity.ControlPlane.CredentialReload", StringComparison.Ordinal))).ToList();
        Assert.NotEmpty(hosted);
        hosted.ForEach(service => services.Remove(service));
    }

    private static Type? TypeOf(ServiceDescriptor service) =>
        service.ImplementationType ?? service.ImplementationInstance?.GetType() ?? service.ImplementationFactory?.GetType().GenericTypeArguments[1];

    private static string Text(IEnumerable<KeyValuePair<string, string>> values) => string.Join('\n', values.Select(value => $"{value.Key}={value.Value}"));

    // All that is stored of agents and rollouts in the clear.
    private async Task<string> TablesAsync()
    {
        var text = new List<string>();
        foreach (var table in (string[])["agents", "agent_generations", "agent_reports", "rollouts", "rollout_agents", "virtual_keys", "subscriptions"])
        {
            await using var command = Database.DataSource.CreateCommand($"select coalesce(string_agg(t::text, E'\\n'), '') from {table} t");
            text.Add((string)(await command.ExecuteScalarAsync(Timeouts.Token))!);
        }

        return string.Join('\n', text);
    }
}
