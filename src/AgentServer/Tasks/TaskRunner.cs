using System.ComponentModel;
using System.Text;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Redaction;
using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>Runs tasks to their end, whether or not anybody waits for them.</summary>
internal sealed partial class TaskRunner(
    TaskTable table,
    IRuntimeAdapter runtime,
    Redactor redactor,
    AgentServerMetrics metrics,
    TimeProvider time,
    IOptions<AgentServerOptions> options,
    ILogger<TaskRunner> logger)
{
    /// <summary>For what a process wrote before it ended; a background job that it left may hold the pipe for ever.</summary>
    private static readonly TimeSpan LeftoverOutput = TimeSpan.FromSeconds(2);

    /// <summary>Begins the task, or finds the one of the same id.</summary>
    public Admission Start(TaskRequest request)
    {
        var admission = table.Admit(request, out var isNew);
        if (isNew && admission is Admission.Running { Task: var task })
        {
            metrics.TaskStarted();
            Log.Started(logger, task.Started.TaskId, runtime.Name, task.Started.Generation, task.Started.SubscriptionId);
            task.Own(RunAsync(task));
        }

        return admission;
    }

    private async Task RunAsync(AgentTask task)
    {
        await Task.Yield(); // the caller does not wait for the process to be started
        TaskView view;
        try
        {
            view = await RunProcessAsync(task);
        }
        catch (Exception broken)
        {
            Log.Broke(logger, task.Started.TaskId, broken);
            view = View(task, new TaskVerdict(TaskOutcome.Error, Error: "The task ended by a fault of the agent server."), exitCode: null);
        }

        var outcome = view.Outcome switch
        {
            TaskOutcome.RateLimited => "rate_limited",
            TaskOutcome.AuthFailed => "auth_failed",
            var other => other.ToString().ToLowerInvariant(),
        };
        metrics.TaskEnded(outcome);
        Log.Ended(logger, view.TaskId, outcome, view.ExitCode, view.Generation, view.EndedAt!.Value - view.StartedAt);
        table.End(task, view);
    }

    private async Task<TaskView> RunProcessAsync(AgentTask task)
    {
        var credential = task.Credential.Snapshot;
        CliProcess process;
        try
        {
            process = CliProcess.Start(runtime.Command(task.Request, credential), task.Started.TaskId, task.Mark);
        }
        catch (Win32Exception missing)
        {
            return View(task, new TaskVerdict(TaskOutcome.Error, Error: $"The runtime {runtime.Name} cannot be started: {missing.Message}"), exitCode: null);
        }

        using (process)
        {
            var transcript = runtime.Transcript(credential);
            var errors = new StringBuilder();
            using var reading = new CancellationTokenSource();
            var streams = Task.WhenAll(
                process.WriteInputAsync(task.Request.Prompt, reading.Token),
                ReadOutputAsync(process, transcript, task.Output, reading.Token),
                process.ReadErrorsAsync(errors, reading.Token));
            var stopped = await WaitAsync(process, task);
            await FinishAsync(streams, reading);
            var verdict = transcript.Conclude(process.ExitCode, errors.ToString());
            return View(task, stopped is { } outcome ? verdict with { Outcome = outcome, Error = Reason(outcome, task) } : verdict, process.ExitCode);
        }
    }

    /// <returns>Why it was ended; null when it ended by itself.</returns>
    private async Task<TaskOutcome?> WaitAsync(CliProcess process, AgentTask task)
    {
        using var timeout = new CancellationTokenSource(Limit(task), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, task.Cancelled);
        try
        {
            await process.WhenExitedAsync(either.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            var outcome = task.Cancelled.IsCancellationRequested ? TaskOutcome.Cancelled : TaskOutcome.Timeout;
            await process.EndAsync(options.Value.CancelGrace, time);
            return outcome;
        }
    }

    private async Task ReadOutputAsync(CliProcess process, ITranscript transcript, TaskOutput output, CancellationToken cancellationToken)
    {
        await foreach (var line in process.ReadLinesAsync(cancellationToken))
        {
            transcript.Read(line);
            output.Add(redactor.Redact(line));
        }
    }

    private static async Task FinishAsync(Task streams, CancellationTokenSource reading)
    {
        reading.CancelAfter(LeftoverOutput);
        try
        {
            await streams;
        }
        catch (OperationCanceledException)
        {
            // A process that outlives the task holds its output; what it writes from here on is nobody's.
        }
    }

    private TaskView View(AgentTask task, TaskVerdict verdict, int? exitCode) => task.Started with
    {
        Outcome = verdict.Outcome,
        SessionId = verdict.SessionId is { } session ? redactor.Redact(session) : null,
        Response = verdict.Response is { } response ? redactor.Redact(response) : null,
        Error = verdict.Error is { } error ? redactor.Redact(error) : null,
        ExitCode = exitCode,
        EndedAt = time.GetUtcNow(),
    };

    private TimeSpan Limit(AgentTask task) => task.Request.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Value.TaskTimeout;

    private string Reason(TaskOutcome outcome, AgentTask task) => outcome == TaskOutcome.Timeout ? $"The task was ended after {Limit(task)}." : "The task was cancelled.";

    private static partial class Log
    {
        [LoggerMessage(EventIds.TaskStarted, LogLevel.Information, "Task {TaskId} begins on {Runtime} with credential generation {Generation} of subscription {SubscriptionId}.")]
        public static partial void Started(ILogger logger, string taskId, string runtime, long generation, Guid? subscriptionId);

        [LoggerMessage(EventIds.TaskEnded, LogLevel.Information, "Task {TaskId} ended: {Outcome}, exit code {ExitCode}, credential generation {Generation}, after {Duration}.")]
        public static partial void Ended(ILogger logger, string taskId, string outcome, int? exitCode, long generation, TimeSpan duration);

        [LoggerMessage(EventIds.TaskBroke, LogLevel.Error, "Task {TaskId} broke.")]
        public static partial void Broke(ILogger logger, string taskId, Exception exception);
    }
}
