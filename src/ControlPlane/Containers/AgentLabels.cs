namespace Trinity.ControlPlane.Containers;

/// <summary>The labels that agents' containers, volumes and networks carry. Labels are readable by all who may ask the engine: no secrets.</summary>
internal static class AgentLabels
{
    /// <summary>Is on everything that we make in the engine, with <see cref="PlatformAgent"/> as its value; the runtime sees to it.</summary>
    public const string Platform = "trinity.platform";

    public const string PlatformAgent = "agent";

    public const string AgentName = "trinity.agent-name";

    public const string AgentId = "trinity.agent-id";

    /// <summary>Which CLI the agent runs: <c>claude-code</c>, <c>codex</c>, …</summary>
    public const string AgentRuntime = "trinity.agent-runtime";

    /// <summary><paramref name="labels"/> and the platform's.</summary>
    public static SortedDictionary<string, string> WithPlatform(IReadOnlyDictionary<string, string> labels) =>
        new(labels.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal) { [Platform] = PlatformAgent };
}
