using System.Text.Json.Nodes;

namespace Trinity.ControlPlane.Timeline;

/// <summary>Something that happened to an agent, with what is needed to understand why.</summary>
/// <param name="AgentId">The agent.</param>
/// <param name="Agent">Its name then.</param>
/// <param name="Kind">What happened, in one word for programs.</param>
/// <param name="Summary">The same in a sentence for people.</param>
internal sealed record TimelineEntry(Guid AgentId, string Agent, string Kind, string Summary)
{
    public JsonObject Details { get; init; } = [];

    /// <summary>Entries of an agent with the same key are one, which counts them; null: an entry of its own.</summary>
    public string? RepeatKey { get; init; }
}
