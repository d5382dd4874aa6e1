using System.Globalization;
using System.Text.Json;
using Trinity.ControlPlane.Agents;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Judges agents' part in a rollout by what was last seen of them.</summary>
internal static class RolloutAgents
{
    /// <summary>What was last seen before the rollout began says nothing of it.</summary>
    public static RolloutAgentView ViewOf(RolloutAgentRow row, DateTime began)
    {
        var running = JsonSerializer.Deserialize(row.Running, ControlPlaneJson.Default.RunningTasksArray) ?? [];
        return new(
            row.Agent,
            row.ReportedAt >= began ? row.State : AgentState.Unknown,
            row.Acknowledged >= row.Generation,
            row.Generation,
            running.Where(tasks => tasks.Generation < row.Generation).Sum(tasks => (long)tasks.Count),
            row.Delivery,
            row.Problem);
    }

    /// <summary>It runs nothing, and gets the new credential before it does.</summary>
    public static bool IsAtRest(RolloutAgentView agent) => agent.State is AgentState.Stopped or AgentState.Missing;

    public static IEnumerable<string> WaitingFor(RolloutAgentView agent)
    {
        if (IsAtRest(agent))
        {
            yield break;
        }

        if (!agent.Applied)
        {
            yield return $"Agent {agent.Agent} does not work with the new credential yet{(agent.Problem is null ? "." : $": {agent.Problem}")}";
        }

        if (agent.RunningOnOld > 0)
        {
            yield return RunningText(agent);
        }
    }

    /// <summary>The same of an agent that was given a retired credential by something else than what the rollout retires, or before it was given another.</summary>
    public static IEnumerable<string> WaitingForHolder(RolloutAgentView agent)
    {
        if (IsAtRest(agent))
        {
            yield break;
        }

        if (!agent.Applied)
        {
            yield return $"Agent {agent.Agent} may still work with the old credential{(agent.Problem is null ? "." : $": {agent.Problem}")}";
        }

        if (agent.RunningOnOld > 0)
        {
            yield return RunningText(agent);
        }
    }

    private static string RunningText(RolloutAgentView agent) =>
        string.Create(CultureInfo.InvariantCulture, $"Agent {agent.Agent} has {agent.RunningOnOld} tasks that began with the old credential and run, or have left processes that do.");
}
