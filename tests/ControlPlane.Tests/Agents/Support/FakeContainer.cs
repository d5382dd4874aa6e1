using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>A container of the in-memory engine, and the agent server in it while it runs.</summary>
/// <remarks>Its state is the engine's, under the engine's lock; starting and ending it is serialised by <see cref="Turn"/>, as an engine does.</remarks>
internal sealed class FakeContainer(string id, ContainerSpec spec, FakeImage image, string stateFolder)
{
    private readonly string _address = $"127.{Random.Shared.Next(64, 255)}.{Random.Shared.Next(256)}.{Random.Shared.Next(2, 255)}"; // this machine's, and nobody else's

    public string Id => id;

    public string Name { get; set; } = spec.Name;

    public ContainerSpec Spec => spec;

    public FakeImage Image => image;

    /// <summary>The anonymous volume: from creation to removal.</summary>
    public string StateFolder => stateFolder;

    public SemaphoreSlim Turn { get; } = new(1, 1);

    public ContainerState State { get; set; } = ContainerState.Created;

    public int? ExitCode { get; set; }

    public bool OutOfMemory { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public bool IsRemoved { get; set; }

    public FakeAgent? Agent { get; set; }

    public ContainerLog Log { get; } = new();

    /// <summary>The agent that it is for; else its own name.</summary>
    public string AgentName => Labels.GetValueOrDefault(AgentLabels.AgentName, Name);

    /// <summary>The image's, and over them its own.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = Over(image.Labels, AgentLabels.WithPlatform(spec.Labels));

    public IReadOnlyDictionary<string, string> Environment { get; } = Over(image.Environment, spec.Environment);

    private bool IsRunning => State == ContainerState.Running;

    public bool Carries(IReadOnlyDictionary<string, string> labels) => labels.All(label => Labels.Contains(label));

    public ContainerSummary Summary() => new(Id, Name, Spec.Image, State, Labels);

    public ContainerDetails Details() => new()
    {
        Id = Id,
        Name = Name,
        Image = Spec.Image,
        State = State,
        ExitCode = ExitCode,
        OutOfMemory = OutOfMemory,
        StartedAt = StartedAt,
        Labels = Labels,
        Environment = Environment,
        PublishedPorts = IsRunning && Spec.PublishOnLoopback ? new Dictionary<int, int> { [Spec.Port] = Agent!.Address.Port } : [],
        Addresses = IsRunning ? new Dictionary<string, string>(StringComparer.Ordinal) { [Spec.Network ?? "bridge"] = _address } : [],
    };

    /// <summary>As the engine tells of it: with the image and the name among the labels.</summary>
    public ContainerEvent Event(string action, DateTimeOffset at) =>
        new(action, Id, new Dictionary<string, string>(Labels, StringComparer.Ordinal) { ["image"] = Spec.Image, ["name"] = Name }, at);

    /// <summary>Starts the program. It may end at once: then the container has run, and has exited.</summary>
    /// <returns>The exit code; null while it runs.</returns>
    public async Task<int?> RunAsync(string home, AgentScript script)
    {
        Log.SetEnded(false);
        var agent = new FakeAgent(new FakeAgentSetup
        {
            Container = Id,
            Host = Spec.PublishOnLoopback ? "127.0.0.1" : _address,
            Port = Spec.PublishOnLoopback ? FreePort.Next() : Spec.Port, // another with each start
            Environment = Environment,
            StateFolder = StateFolder,
            Home = home,
            Script = script,
            Log = Log,
        });
        try
        {
            if (!script.StaysDown)
            {
                await agent.UpAsync();
            }

            Agent = agent;
            return null;
        }
        catch (OptionsValidationException unusable)
        {
            Log.Write(new LogLine(true, unusable.Message));
            Agent = agent;
            return 1;
        }
    }

    private static Dictionary<string, string> Over(IReadOnlyDictionary<string, string> low, IReadOnlyDictionary<string, string> high)
    {
        var both = new Dictionary<string, string>(low, StringComparer.Ordinal);
        foreach (var (name, value) in high)
        {
            both[name] = value;
        }

        return both;
    }
}
