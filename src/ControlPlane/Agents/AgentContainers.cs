using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Agents;

/// <summary>An agent's container: what it is made of, and where its server is.</summary>
internal sealed class AgentContainers(IAgentRuntime engine, AgentSecrets secrets, IOptions<ControlPlaneOptions> options)
{
    private const int ServerPort = 8090;
    private const string Home = "/home/developer";
    private const string HostGateway = "host.docker.internal:host-gateway";

    /// <summary>On images: whether the agent server in it takes credentials while it runs.</summary>
    private const string ReloadLabel = "trinity.credential-reload";

    /// <summary>On containers of images that do not: the generation that they were made with.</summary>
    private const string GenerationLabel = "trinity.credential-generation";

    /// <summary>Above what the agent server gives its tasks to end.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(75);

    public static string NameOf(AgentRow agent) => $"trinity-agent-{agent.Name}";

    /// <summary>The name that a container has until its predecessor is gone.</summary>
    public static string NextNameOf(AgentRow agent) => $"{NameOf(agent)}-next";

    public static string HomeVolumeOf(AgentRow agent) => $"{NameOf(agent)}-home";

    public static bool TakesReloads(IReadOnlyDictionary<string, string> labels) => !(labels.TryGetValue(ReloadLabel, out var takes) && takes == "false");

    /// <summary>The generation in the container's environment; 0: none is.</summary>
    public static long BakedGeneration(ContainerDetails container) =>
        container.Labels.TryGetValue(GenerationLabel, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : 0;

    public static string StateOf(ContainerState? state) => state switch
    {
        null => AgentState.Missing,
        ContainerState.Running => AgentState.Running,
        ContainerState.Created or ContainerState.Exited or ContainerState.Dead => AgentState.Stopped,
        { } other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>Null: there is none.</summary>
    /// <exception cref="EngineException">The engine does not answer, or the name is taken by a container that is not this agent's.</exception>
    public async Task<ContainerDetails?> FindAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        var found = await engine.InspectAsync(NameOf(agent), cancellationToken);
        return found is null || found.Labels.GetValueOrDefault(AgentLabels.AgentId) == agent.Id.ToString("D")
            ? found
            : throw new EngineException(EngineFault.Conflict, $"The engine has a container named '{NameOf(agent)}' already, which is not this agent's; remove or rename it.");
    }

    /// <summary>The last lines of its log; none when there is no container.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async IAsyncEnumerable<LogLine> LogsAsync(AgentRow agent, int tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await FindAsync(agent, cancellationToken) is not { } container)
        {
            yield break;
        }

        await foreach (var line in engine.LogsAsync(container.Id, tail, follow: false, cancellationToken))
        {
            yield return line;
        }
    }

    /// <summary>Null: its address or its token cannot be had.</summary>
    public AgentEndpoint? EndpointOf(AgentRow agent, ContainerDetails container)
    {
        var address = container.PublishedPorts.TryGetValue(ServerPort, out var port) ? $"127.0.0.1:{port}"
            : options.Value.AgentNetwork is { Length: > 0 } network && container.Addresses.TryGetValue(network, out var ip) && ip.Length > 0 ? $"{ip}:{ServerPort}"
            : null;
        return address is not null && secrets.Token(agent) is { } token ? new AgentEndpoint(new Uri($"http://{address}/"), token) : null;
    }

    /// <summary>Makes the container with its home volume; an image that takes no credential later gets it in its environment.</summary>
    /// <param name="agent">What is wanted.</param>
    /// <param name="name">The container's.</param>
    /// <param name="credential">Null: none can be had now.</param>
    /// <param name="isOld">The image is known to take none later, whatever its label says.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="EngineException">Nothing was made.</exception>
    public async Task<string> CreateAsync(AgentRow agent, string name, AgentCredential? credential, bool isOld, CancellationToken cancellationToken)
    {
        var image = await engine.InspectImageAsync(agent.Image, cancellationToken)
            ?? throw new EngineException(EngineFault.NotFound, $"The engine has no image '{agent.Image}'; build it with ./trinity agent-image, or name another.");
        var token = secrets.Token(agent) ?? throw new EngineException(EngineFault.Failed, "The agent's own token cannot be decrypted: the encryption key that made it is missing.");
        var environment = EnvironmentOf(agent, token.Reveal());
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [AgentLabels.AgentName] = agent.Name,
            [AgentLabels.AgentId] = agent.Id.ToString("D"),
            [AgentLabels.AgentRuntime] = agent.Runtime,
        };
        if (isOld || !TakesReloads(image.Labels))
        {
            Bake(environment, agent, credential ?? AgentCredential.None);
            labels[GenerationLabel] = agent.Generation.ToString(CultureInfo.InvariantCulture);
        }

        await engine.CreateVolumeAsync(HomeVolumeOf(agent), labels, cancellationToken);
        if (options.Value.AgentNetwork is { Length: > 0 } network)
        {
            await engine.EnsureNetworkAsync(network, cancellationToken);
        }

        return await engine.CreateAsync(
            new ContainerSpec
            {
                Name = name,
                Image = agent.Image,
                Environment = environment,
                Labels = labels,
                Volumes = new Dictionary<string, string>(StringComparer.Ordinal) { [Home] = HomeVolumeOf(agent) },
                Port = ServerPort,
                PublishOnLoopback = options.Value.AgentNetwork.Length == 0,
                Network = options.Value.AgentNetwork is { Length: > 0 } own ? own : null,
                ExtraHosts = [HostGateway],
                Limits = new ResourceLimits { Cpus = agent.Cpus, MemoryBytes = agent.MemoryBytes, Pids = agent.Pids },
            },
            cancellationToken);
    }

    private static Dictionary<string, string> EnvironmentOf(AgentRow agent, string token)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["TRINITY_AGENTSERVER__TOKEN"] = token,
            ["TRINITY_AGENTSERVER__RUNTIME"] = agent.Runtime,
        };
        if (agent.Command is [var program, .. var arguments])
        {
            environment["TRINITY_AGENTSERVER__PROGRAM"] = program;
            for (var index = 0; index < arguments.Length; index++)
            {
                environment[string.Create(CultureInfo.InvariantCulture, $"TRINITY_AGENTSERVER__ARGUMENTS__{index}")] = arguments[index];
            }
        }

        foreach (var (name, value) in JsonSerializer.Deserialize(agent.Environment, ControlPlaneJson.Default.DictionaryStringString) ?? [])
        {
            environment[$"TRINITY_AGENTSERVER__ENVIRONMENT__{name}"] = value;
        }

        return environment;
    }

    // Whoever may ask the engine can read this: it is what such an image costs.
    private static void Bake(Dictionary<string, string> environment, AgentRow agent, AgentCredential credential)
    {
        void Add(string name, string? value)
        {
            if (value is { Length: > 0 })
            {
                environment[$"TRINITY_AGENTSERVER__{name}"] = value;
            }
        }

        Add("APIKEY", credential.ApiKey);
        Add("CREDENTIAL__TOKEN", credential.Token);
        Add("CREDENTIAL__SUBSCRIPTIONID", credential.SubscriptionId?.ToString("D"));
        Add("CREDENTIAL__BASEURL", credential.BaseUrl);
        Add("CREDENTIAL__VIRTUALKEY", credential.VirtualKey);
        Add("CREDENTIAL__GENERATION", agent.Generation.ToString(CultureInfo.InvariantCulture));
    }
}
