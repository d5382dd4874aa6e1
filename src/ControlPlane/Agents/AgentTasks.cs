using System.Text.Json;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Http;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>Hands tasks to agents. A task is never begun by an agent that was started and has not had its current credential since.</summary>
/// <remarks>A task is helped over a refused subscription once: before it is sent when the refusal is known beforehand, else by sending it once more after the switch.</remarks>
internal sealed class AgentTasks(
    AgentService agents, AgentReportStore reports, AgentContainers containers, AgentLocks locks, CredentialDeliverer deliverer, AutoSwitchService autoSwitch, AgentClient client)
{
    private const string Json = "application/json";
    private const string SecondTry = ".2";
    private const int LongestTaskId = 128;

    public async Task<Outcome<AgentTaskReply>> RunAsync(IdOrName target, TaskRequest request, CancellationToken cancellationToken)
    {
        if ((await PrepareAsync(target, cancellationToken)).Failed(out var problem, out var prepared))
        {
            return problem;
        }

        var (ready, before) = prepared;
        if ((await CallAsync(ready, HttpMethod.Post, "api/tasks", request, cancellationToken)).Failed(out problem, out var task))
        {
            return problem;
        }

        var after = await autoSwitch.OnTaskEndedAsync(ready.Agent, task, cancellationToken);
        var decision = AutoSwitchView.Of(after ?? before);
        var secondId = request.TaskId + SecondTry;
        if (after is not { Retry: true } || before is { IsSwitched: true } || secondId.Length > LongestTaskId)
        {
            return new AgentTaskReply(task, decision, FirstTaskId: null);
        }

        // The container may be another one by now. Should it not take the task, the first answer is still the truth.
        if ((await ReadyAsync(target, cancellationToken)).Failed(out _, out ready)
            || (await CallAsync(ready, HttpMethod.Post, "api/tasks", request with { TaskId = secondId }, cancellationToken)).Failed(out _, out var second))
        {
            return new AgentTaskReply(task, decision, FirstTaskId: null);
        }

        // There is no third try, but its refusal counts as any other, for the tasks to come.
        return new AgentTaskReply(second, AutoSwitchView.Of(await autoSwitch.OnTaskEndedAsync(ready.Agent, second, cancellationToken)) ?? decision, task.TaskId);
    }

    /// <summary>Runs a task and hands its events to <paramref name="relay"/>, and then what followed from its failure, if anything. It is not sent again: its events are out.</summary>
    /// <returns>Null: the task was begun.</returns>
    public async Task<Problem?> StreamAsync(
        IdOrName target, TaskRequest request, Func<Stream, Task> relay, Func<AutoSwitchView, Task> tell, CancellationToken cancellationToken)
    {
        if ((await PrepareAsync(target, cancellationToken)).Failed(out var problem, out var prepared))
        {
            return problem;
        }

        var (ready, before) = prepared;
        try
        {
            using var content = JsonContent.Create(request, AgentApiJson.Default.TaskRequest);
            using var response = await client.OpenAsync(ready.Endpoint, HttpMethod.Post, "api/tasks", content, "text/event-stream", cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return await RefusalAsync(response, cancellationToken);
            }

            await using var events = await response.Content.ReadAsStreamAsync(cancellationToken);
            await relay(events);
        }
        catch (HttpRequestException lost)
        {
            return Lost(lost, request.TaskId);
        }

        var ended = (await client.TaskAsync(ready.Endpoint, request.TaskId!, cancellationToken)).Value;
        var after = ended is null ? null : await autoSwitch.OnTaskEndedAsync(ready.Agent, ended, cancellationToken);
        if (AutoSwitchView.Of(after ?? before) is { } decision)
        {
            await tell(decision);
        }

        return null;
    }

    public async Task<Outcome<IReadOnlyList<TaskView>>> ListAsync(IdOrName target, CancellationToken cancellationToken)
    {
        if ((await ReachAsync(target, cancellationToken)).Failed(out var problem, out var reached))
        {
            return problem;
        }

        var reply = await client.TasksAsync(reached.Endpoint, cancellationToken);
        return reply.Value is { } tasks ? Outcome.Of(tasks) : Bad(reply.Describe());
    }

    public async Task<Outcome<TaskView>> GetAsync(IdOrName target, string id, CancellationToken cancellationToken)
    {
        if ((await ReachAsync(target, cancellationToken)).Failed(out var problem, out var reached))
        {
            return problem;
        }

        var reply = await client.TaskAsync(reached.Endpoint, id, cancellationToken);
        return reply switch
        {
            { Value: { } task } => task,
            { Status: System.Net.HttpStatusCode.NotFound } => Problem.NotFound("The agent knows no task of this id."),
            _ => Bad(reply.Describe()),
        };
    }

    public async Task<Outcome<TaskView>> CancelAsync(IdOrName target, string id, CancellationToken cancellationToken) =>
        (await ReachAsync(target, cancellationToken)).Failed(out var problem, out var reached)
            ? problem
            : await CallAsync(reached, HttpMethod.Delete, $"api/tasks/{Uri.EscapeDataString(id)}", null, cancellationToken);

    // Ready, and not on a subscription that is known to be at its limit. A switch can have made the container anew.
    private async Task<Outcome<(Reached Ready, SwitchDecision? Decision)>> PrepareAsync(IdOrName target, CancellationToken cancellationToken)
    {
        if ((await ReadyAsync(target, cancellationToken)).Failed(out var problem, out var ready))
        {
            return problem;
        }

        var decision = await autoSwitch.BeforeDispatchAsync(ready.Agent, cancellationToken);
        if (decision is { IsSwitched: true } && (await ReadyAsync(target, cancellationToken)).Failed(out problem, out ready))
        {
            return problem;
        }

        return (ready, decision);
    }

    private async Task<Outcome<Reached>> ReachAsync(IdOrName target, CancellationToken cancellationToken)
    {
        if ((await agents.FindAsync(target, VersionCondition.None, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        try
        {
            return await containers.FindAsync(agent, cancellationToken) is not { State: ContainerState.Running } container
                ? Problem.Conflict($"Agent '{agent.Name}' does not run; start it with POST /api/v1/agents/{agent.Name}/start.")
                : containers.EndpointOf(agent, container) is { } endpoint
                ? new Reached(agent, endpoint)
                : Bad("The agent's address or its own token cannot be had.");
        }
        catch (EngineException failure)
        {
            return AgentLifecycle.ProblemOf(failure);
        }
    }

    // An agent that runs keeps taking tasks while a change is on its way to it; what it began with is what it finishes on.
    private async Task<Outcome<Reached>> ReadyAsync(IdOrName target, CancellationToken cancellationToken)
    {
        if ((await ReachAsync(target, cancellationToken)).Failed(out var problem, out var reached))
        {
            return problem;
        }

        var agent = reached.Agent;
        var report = await ReportAsync(agent, cancellationToken);
        if (agent.Recreate || (report?.Delivery == DeliveryResult.Draining && report.Generation < agent.Generation))
        {
            return Unavailable($"Agent '{agent.Name}' takes no tasks until those that run have ended: its container is made anew then.");
        }

        if (report is { Generation: > 0 })
        {
            return reached;
        }

        await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
        var delivery = await deliverer.DeliverAsync(held, cancellationToken);
        return delivery.IsApplied ? reached : Unavailable($"Agent '{agent.Name}' has not got its credential since it was started: {delivery.Detail ?? delivery.Result}");
    }

    private async Task<AgentReport?> ReportAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        await using var connection = await reports.OpenAsync(cancellationToken);
        return await reports.FindAsync(connection, agent.Id, cancellationToken);
    }

    private async Task<Outcome<TaskView>> CallAsync(Reached reached, HttpMethod method, string path, TaskRequest? request, CancellationToken cancellationToken)
    {
        try
        {
            using var content = request is null ? null : JsonContent.Create(request, AgentApiJson.Default.TaskRequest);
            using var response = await client.OpenAsync(reached.Endpoint, method, path, content, Json, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return await RefusalAsync(response, cancellationToken);
            }

            return await ReadAsync(response, AgentApiJson.Default.TaskView, cancellationToken) is { } task ? task : Bad("The agent's answer is not what an agent server says.");
        }
        catch (HttpRequestException lost)
        {
            return Lost(lost, request?.TaskId);
        }
    }

    private static async Task<Problem> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var said = await ReadAsync(response, AgentReplyJson.Default.AgentRefusal, cancellationToken);
        var errors = said?.Errors?.SelectMany(field => field.Value.Select(message => new Shared.Configuration.ConfigError(field.Key, message))).ToList();
        var status = (int)response.StatusCode;
        return errors is { Count: > 0 } ? Problem.Invalid(errors)
            : status is 404 or 410 or 429 or 503 ? new Problem(status, "The agent refused the task", said?.Detail ?? "The agent gives no reason.")
            : Bad($"The agent answered {status}.");
    }

    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(AgentClient.MaxReply, cancellationToken);
            return await response.Content.ReadFromJsonAsync(type, cancellationToken);
        }
        catch (Exception garbage) when (garbage is JsonException or NotSupportedException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Problem Lost(HttpRequestException lost, string? taskId) => Bad(
        $"The connection to the agent was lost ({lost.HttpRequestError}).{(taskId is null ? "" : $" Whether the task runs, GET …/tasks/{taskId} tells; sending it again with this task_id does not run it twice.")}");

    private static Problem Bad(string detail) => new(StatusCodes.Status502BadGateway, "The agent failed", detail);

    private static Problem Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, "The agent is not ready", detail);

    private sealed record Reached(AgentRow Agent, AgentEndpoint Endpoint);
}
