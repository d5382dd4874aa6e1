using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary><c>/agents/{name}/tasks</c>: the agents' own task API, behind operator tokens.</summary>
internal static class AgentTaskEndpoints
{
    private const string EventStream = "text/event-stream";

    public static void MapAgentTasks(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/agents/{idOrName}/tasks").WithTags("Agents");
        group.MapPost("", RunAsync).Accepts<TaskRequest>("application/json").WithName("RunTask")
            .WithSummary("Has an agent do one task, and answers when it has ended; with Accept: text/event-stream, its output as it comes. Sending a task_id again answers with the first one's result.");
        group.MapGet("", ListAsync).WithSummary("The tasks that an agent runs or remembers.");
        group.MapGet("/{id}", GetAsync).WithSummary("One task.");
        group.MapDelete("/{id}", CancelAsync).WithSummary("Cancels a task, and answers when it has ended.");
    }

    private static async Task<Results<Ok<AgentTaskReply>, EmptyHttpResult, ProblemHttpResult>> RunAsync(string idOrName, HttpContext http, AgentTasks tasks, CancellationToken cancellationToken)
    {
        if (AgentEndpoints.Target(idOrName).Failed(out var problem, out var target)
            || AgentTaskRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken)).Failed(out problem, out var request))
        {
            return problem.ToResult();
        }

        if (http.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase)))
        {
            return await StreamAsync(http, tasks, target, request, cancellationToken) is { } failed ? Refused(http, failed) : TypedResults.Empty;
        }

        return (await tasks.RunAsync(target, request, cancellationToken)).Failed(out problem, out var reply) ? Refused(http, problem) : TypedResults.Ok(reply);
    }

    private static async Task<Results<Ok<ItemList<TaskView>>, ProblemHttpResult>> ListAsync(string idOrName, AgentTasks tasks, CancellationToken cancellationToken) =>
        AgentEndpoints.Target(idOrName).Failed(out var problem, out var target) || (await tasks.ListAsync(target, cancellationToken)).Failed(out problem, out var list)
            ? problem.ToResult()
            : TypedResults.Ok(new ItemList<TaskView>(list));

    private static async Task<Results<Ok<TaskView>, ProblemHttpResult>> GetAsync(string idOrName, string id, AgentTasks tasks, CancellationToken cancellationToken) =>
        AgentEndpoints.Target(idOrName).Failed(out var problem, out var target) || (await tasks.GetAsync(target, id, cancellationToken)).Failed(out problem, out var task)
            ? problem.ToResult()
            : TypedResults.Ok(task);

    private static async Task<Results<Ok<TaskView>, ProblemHttpResult>> CancelAsync(string idOrName, string id, AgentTasks tasks, CancellationToken cancellationToken) =>
        AgentEndpoints.Target(idOrName).Failed(out var problem, out var target) || (await tasks.CancelAsync(target, id, cancellationToken)).Failed(out problem, out var task)
            ? problem.ToResult()
            : TypedResults.Ok(task);

    // The agent's events, byte for byte, as they come.
    private static Task<Problem?> StreamAsync(HttpContext http, AgentTasks tasks, IdOrName target, TaskRequest request, CancellationToken cancellationToken) =>
        tasks.StreamAsync(
            target,
            request,
            async events =>
            {
                http.Response.ContentType = EventStream;
                http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
                await http.Response.StartAsync(cancellationToken);
                await events.CopyToAsync(http.Response.Body, cancellationToken);
            },
            decision => http.Response.WriteAsync($"event: auto_switch\ndata: {JsonSerializer.Serialize(decision, ControlPlaneJson.Default.AutoSwitchView)}\n\n", cancellationToken),
            cancellationToken);

    private static ProblemHttpResult Refused(HttpContext http, Problem problem)
    {
        if (problem.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            http.Response.Headers.RetryAfter = "1";
        }

        return problem.ToResult();
    }
}

/// <summary>Reads the body of a task.</summary>
internal static class AgentTaskRequest
{
    public static Outcome<TaskRequest> Read(JsonFields fields)
    {
        var request = new TaskRequest
        {
            TaskId = fields.Text("task_id").Value ?? Guid.CreateVersion7().ToString("N"), // ours, so that the task can be found whatever becomes of this request
            Prompt = fields.Raw("prompt").Value ?? "",
            SessionId = fields.Text("session_id").Value,
            Model = fields.Text("model").Value,
            SystemPrompt = fields.Raw("system_prompt").Value,
            AllowedTools = fields.Texts("allowed_tools").Value,
            TimeoutSeconds = (int?)fields.Number("timeout_seconds").Value,
        };
        fields.RejectUnknown();
        return fields.Errors.Count > 0 ? Problem.Invalid(fields.Errors) : request;
    }
}
