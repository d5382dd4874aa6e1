using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>The tasks' part of the API. A task that was begun is answered with 200, whatever its outcome; other statuses say that none was begun.</summary>
internal static class TaskEndpoints
{
    private const string EventStream = "text/event-stream";

    public static void MapTasks(this WebApplication app)
    {
        app.MapPost("/api/tasks", RunAsync);
        app.MapGet("/api/tasks", (TaskTable table) => TypedResults.Ok(table.All()));
        app.MapGet("/api/tasks/{id}", (string id, TaskTable table) => table.Find(id).View is { } view ? (IResult)TypedResults.Ok(view) : NotFound());
        app.MapDelete("/api/tasks/{id}", CancelAsync);
    }

    private static async Task<IResult> RunAsync(TaskRequest request, TaskRunner runner, IRuntimeAdapter runtime, HttpContext context)
    {
        if (TaskRequestValidator.Problems(request, runtime) is { Count: > 0 } problems)
        {
            return TypedResults.ValidationProblem(problems);
        }

        var isStreamed = context.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase));
        return runner.Start(request) switch
        {
            Admission.Refused refused => Refused(refused.Reason, context),
            Admission.Ended ended when isStreamed => TypedResults.ServerSentEvents(Events(ended.View)),
            Admission.Ended ended => TypedResults.Ok(ended.View),
            Admission.Running running when isStreamed => TypedResults.ServerSentEvents(EventsAsync(running.Task, context.RequestAborted)),
            Admission.Running running => await WhenEndedAsync(running.Task, context.RequestAborted),
            _ => throw new InvalidOperationException("There is no other admission."),
        };
    }

    private static async Task<IResult> CancelAsync(string id, TaskTable table, BackgroundJobs jobs, CancellationToken cancellationToken)
    {
        var (running, view) = table.Find(id);
        if (running is not null)
        {
            running.Cancel();
            var ended = await WhenEndedAsync(running, cancellationToken);
            await jobs.EndAsync(id); // its program may have ended by itself at that moment, and left some
            return ended;
        }

        await jobs.EndAsync(id);
        return view is not null ? TypedResults.Ok(view) : NotFound();
    }

    // The task goes on without the client, and can be asked for by its id.
    private static async Task<IResult> WhenEndedAsync(AgentTask task, CancellationToken clientLeft)
    {
        try
        {
            return TypedResults.Ok(await task.Ended.WaitAsync(clientLeft));
        }
        catch (OperationCanceledException) when (clientLeft.IsCancellationRequested)
        {
            return TypedResults.Empty;
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(AgentTask task, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Event("task", task.Started);
        await foreach (var (number, line) in task.Output.ReadAsync(cancellationToken))
        {
            yield return new SseItem<string>(line, "output") { EventId = $"{number}" };
        }

        yield return Event("result", await task.Ended.WaitAsync(cancellationToken));
    }

    private static async IAsyncEnumerable<SseItem<string>> Events(TaskView ended)
    {
        yield return Event("task", ended);
        await Task.CompletedTask;
        yield return Event("result", ended);
    }

    private static SseItem<string> Event(string type, TaskView view) => new(JsonSerializer.Serialize(view, AgentApiJson.Default.TaskView), type);

    private static ProblemHttpResult Refused(AdmissionRefusal reason, HttpContext context)
    {
        var (status, code, problem) = reason switch
        {
            AdmissionRefusal.TooMany => (StatusCodes.Status429TooManyRequests, "too_many_tasks", "As many tasks run as this agent may run at once."),
            AdmissionRefusal.NoCredential => (StatusCodes.Status503ServiceUnavailable, "no_credential", "The agent's credential has been revoked, and there is no other yet."),
            AdmissionRefusal.Forgotten => (StatusCodes.Status410Gone, "result_gone", "A task of this id has ended; its result is no longer held, and it is not run again."),
            _ => (StatusCodes.Status503ServiceUnavailable, "stopping", "The agent server is stopping."),
        };
        if (reason == AdmissionRefusal.TooMany)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return TypedResults.Problem(problem, statusCode: status, extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code });
    }

    private static ProblemHttpResult NotFound() => TypedResults.Problem("There is no task of this id.", statusCode: StatusCodes.Status404NotFound);
}
