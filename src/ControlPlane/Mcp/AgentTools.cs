using System.Text.Json;
using ModelContextProtocol.Protocol;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Mcp;

/// <summary>The tools for what agents work with; they do what <see cref="AgentEndpoints"/> does.</summary>
internal sealed class AgentTools(AgentService agents, ToolRunner runner)
{
    private const string AnAgent = "an agent";

    public IReadOnlyList<OperatorTool> All() =>
    [
        new(runner, new Tool
        {
            Name = "get_agent_auth",
            Title = "What an agent works with",
            Description = "Says what an agent is to work with (mode, subscription, generation) and what it has (acknowledged_generation, fingerprint).",
            InputSchema = JsonElement.Parse("""
                {
                  "type": "object",
                  "properties": {"agent": {"type": "string", "description": "The agent's name or id."}},
                  "required": ["agent"],
                  "additionalProperties": false
                }
                """),
            Annotations = new ToolAnnotations { ReadOnlyHint = true, IdempotentHint = true, DestructiveHint = false, OpenWorldHint = false },
        }, GetAuthAsync),
        new(runner, new Tool
        {
            Name = "assign_subscription",
            Title = "Give an agent a subscription",
            Description = "Gives an agent a subscription in place of what it works with, without a restart: tasks that run finish on what they began with. `restart_result` says how it reached the agent. Needs the role admin.",
            InputSchema = JsonElement.Parse("""
                {
                  "type": "object",
                  "properties": {
                    "agent": {"type": "string", "description": "The agent's name or id."},
                    "subscription": {"type": "string", "description": "The subscription's name or id."}
                  },
                  "required": ["agent", "subscription"],
                  "additionalProperties": false
                }
                """),
            Annotations = new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = false }, // what it had stays, and can be assigned again
        }, AssignAsync),
        new(runner, new Tool
        {
            Name = "clear_agent_subscription",
            Title = "Take an agent's subscription away",
            Description = "Takes an agent's subscription away. Unless `auth` says otherwise it is left with nothing to work with, and its new tasks are refused. The subscription itself stays. Needs the role admin.",
            InputSchema = JsonElement.Parse("""
                {
                  "type": "object",
                  "properties": {
                    "agent": {"type": "string", "description": "The agent's name or id."},
                    "auth": {"type": "string", "enum": ["none", "api_key"], "description": "api_key: it works with its provider's keys from then on. Omitted: none."}
                  },
                  "required": ["agent"],
                  "additionalProperties": false
                }
                """),
            Annotations = new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false },
        }, ClearAsync),
    ];

    private async Task<Outcome<JsonElement>> GetAuthAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var agent = call.Target("agent", AnAgent);
        call.Arguments.RejectUnknown();
        return Check(call, agent).Failed(out var problem, out var target) || (await agents.GetAsync(target, cancellationToken)).Failed(out problem, out var view)
            ? problem
            : runner.ToJson(view.Auth);
    }

    private async Task<Outcome<JsonElement>> AssignAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var agent = call.Target("agent", AnAgent);
        var request = AssignSubscriptionRequest.Read(call.Arguments);
        return Check(call, agent).Failed(out var problem, out var target)
            || (await agents.AssignAsync(target, VersionCondition.None, request, call.Operator, cancellationToken)).Failed(out problem, out var change)
            ? problem
            : runner.ToJson(change);
    }

    private async Task<Outcome<JsonElement>> ClearAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var agent = call.Target("agent", AnAgent);
        var auth = call.Arguments.Text("auth").Value ?? AgentAuth.None;
        call.Arguments.RejectUnknown();
        if (auth is not (AgentAuth.None or AgentAuth.ApiKey))
        {
            call.Arguments.Errors.Add(new("auth", $"This must be {AgentAuth.None} or {AgentAuth.ApiKey}."));
        }

        return Check(call, agent).Failed(out var problem, out var target)
            || (await agents.ClearAsync(target, VersionCondition.None, auth, call.Operator, cancellationToken)).Failed(out problem, out var change)
            ? problem
            : runner.ToJson(change);
    }

    private static Outcome<IdOrName> Check(ToolCall call, string? agent) =>
        call.Arguments.Errors.Count > 0 ? Problem.Invalid(call.Arguments.Errors) : AgentEndpoints.Target(agent!);
}
