using System.Text.Json;
using ModelContextProtocol.Protocol;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Mcp;

/// <summary>The tools for subscriptions; they do what <see cref="SubscriptionEndpoints"/> does.</summary>
internal sealed class SubscriptionTools(SubscriptionService subscriptions, RolloutService rollouts, ToolRunner runner)
{
    public IReadOnlyList<OperatorTool> All() =>
    [
        new(runner, new Tool
        {
            Name = "list_subscriptions",
            Title = "List subscriptions",
            Description = "Lists all subscriptions, their tokens masked.",
            InputSchema = JsonElement.Parse("""{"type": "object", "properties": {}, "additionalProperties": false}"""),
            Annotations = new ToolAnnotations { ReadOnlyHint = true, IdempotentHint = true, DestructiveHint = false, OpenWorldHint = false },
        }, ListAsync),
        new(runner, new Tool
        {
            Name = "register_subscription",
            Title = "Register a subscription, or roll its token over",
            Description = "Registers a subscription. Under the name of one that exists it rolls its token over: every agent on it gets the new token without a restart, and `rollout` in the reply says how far that is. Needs the role admin.",
            InputSchema = JsonElement.Parse("""
                {
                  "type": "object",
                  "properties": {
                    "name": {"type": "string", "description": "1 to 64 letters, digits and . _ @ -"},
                    "token": {"type": "string", "writeOnly": true, "description": "What `claude setup-token` printed. A secret: it is stored encrypted, and never returned or logged."},
                    "type": {"type": ["string", "null"], "maxLength": 64, "description": "The kind of plan, for people: pro, max, team. Omitted: unchanged; null: none."},
                    "tier": {"type": ["string", "null"], "maxLength": 64, "description": "The plan's rate limit tier, for people. Omitted: unchanged; null: none."},
                    "soft_ceiling_percent": {"type": ["integer", "null"], "minimum": 1, "maximum": 100, "description": "New work stops at this share of its fullest limit. Omitted: unchanged; null: at the settings' default."}
                  },
                  "required": ["name", "token"],
                  "additionalProperties": false
                }
                """),
            Annotations = new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false }, // the old token is not to be had back
        }, RegisterAsync),
        new(runner, new Tool
        {
            Name = "delete_subscription",
            Title = "Delete a subscription",
            Description = "Deletes a subscription and takes its token out of every agent: their new tasks are refused until they are given something else, or adopted by the next subscription that is registered. Needs the role admin.",
            InputSchema = JsonElement.Parse("""
                {
                  "type": "object",
                  "properties": {"name": {"type": "string", "description": "The subscription's name or id."}},
                  "required": ["name"],
                  "additionalProperties": false
                }
                """),
            Annotations = new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false },
        }, DeleteAsync),
    ];

    private async Task<Outcome<JsonElement>> ListAsync(ToolCall call, CancellationToken cancellationToken)
    {
        call.Arguments.RejectUnknown();
        return call.Arguments.Errors.Count > 0
            ? Problem.Invalid(call.Arguments.Errors)
            : runner.ToJson(new ItemList<SubscriptionView>(await subscriptions.ListAsync(cancellationToken)));
    }

    private async Task<Outcome<JsonElement>> RegisterAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var request = PutSubscriptionRequest.Read(call.Arguments);
        return (await subscriptions.PutAsync(request, call.Operator, cancellationToken)).Failed(out var problem, out var put)
            ? problem
            : runner.ToJson(put.Written.Value with { Rollout = await RolloutAsync(put.Written.RolloutId, cancellationToken) });
    }

    private async Task<Outcome<JsonElement>> DeleteAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var name = call.Target("name", "a subscription");
        call.Arguments.RejectUnknown();
        if (call.Arguments.Errors.Count > 0)
        {
            return Problem.Invalid(call.Arguments.Errors);
        }

        return SubscriptionEndpoints.Target(name!).Failed(out var problem, out var target)
            || (await subscriptions.DeleteAsync(target, VersionCondition.None, call.Operator, cancellationToken)).Failed(out problem, out var written)
            ? problem
            : runner.ToJson(new DeletedSubscription(written.Value, await RolloutAsync(written.RolloutId, cancellationToken)));
    }

    private async Task<RolloutView?> RolloutAsync(Guid? id, CancellationToken cancellationToken) =>
        id is { } started && !(await rollouts.GetAsync(started, cancellationToken)).Failed(out _, out var view) ? view : null;
}

/// <summary>The reply of <c>delete_subscription</c>.</summary>
/// <param name="Id">Of the subscription that is gone.</param>
/// <param name="Rollout">How its agents gave its token up; null: it had none.</param>
internal sealed record DeletedSubscription(Guid Id, RolloutView? Rollout);
