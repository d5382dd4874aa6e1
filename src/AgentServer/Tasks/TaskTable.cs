using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>The tasks that run, and the latest that ended. Admits a task once per id.</summary>
/// <remarks><c>_lock</c> guards all fields; the credential store's lock is taken inside it.</remarks>
internal sealed class TaskTable(CredentialStore credentials, BackgroundJobs jobs, TimeProvider time, IOptions<AgentServerOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, AgentTask> _running = new(StringComparer.Ordinal);
    private readonly FinishedTasks _finished = new(options.Value.FinishedTasks);
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStopping;

    /// <summary>Enters a task, unless its id is known. <paramref name="isNew"/>: the caller is to run it, and to call <see cref="End"/>.</summary>
    public Admission Admit(TaskRequest request, out bool isNew)
    {
        lock (_lock)
        {
            isNew = false;
            var taskId = request.TaskId ?? $"task-{Guid.CreateVersion7(time.GetUtcNow()):n}";
            if (_running.TryGetValue(taskId, out var running))
            {
                return new Admission.Running(running);
            }

            if (_finished.Find(taskId) is { } ended)
            {
                return new Admission.Ended(ended);
            }

            if (Refusal(taskId) is { } refusal)
            {
                return new Admission.Refused(refusal);
            }

            if (credentials.Take() is not { } credential)
            {
                return new Admission.Refused(AdmissionRefusal.NoCredential);
            }

            isNew = true;
            var task = new AgentTask(request with { TaskId = taskId }, credential, Started(taskId, credential.Snapshot));
            _running.Add(taskId, task);
            return new Admission.Running(task);
        }
    }

    /// <summary>Moves a task to the ended ones; its credential is its own until none of its processes is left.</summary>
    public void End(AgentTask task, TaskView view)
    {
        jobs.Watch(task);
        lock (_lock)
        {
            _finished.Add(view);
            _running.Remove(view.TaskId);
            if (_isStopping && _running.Count == 0)
            {
                _empty.TrySetResult();
            }
        }

        task.End(view);
    }

    /// <summary>Those that run, then those that ended, each newest first; without the texts of older ones once there would be too much of them.</summary>
    public IReadOnlyList<TaskView> All()
    {
        lock (_lock)
        {
            return [.. _running.Values.Select(task => task.Started).OrderByDescending(view => view.StartedAt), .. _finished.Listed()];
        }
    }

    public (AgentTask? Running, TaskView? View) Find(string taskId)
    {
        lock (_lock)
        {
            return _running.TryGetValue(taskId, out var task) ? (task, task.Started) : (null, _finished.Find(taskId));
        }
    }

    /// <summary>Refuses tasks from now on.</summary>
    /// <returns>Completes when the last one has ended.</returns>
    public Task StopAsync(out int running)
    {
        lock (_lock)
        {
            _isStopping = true;
            running = _running.Count;
            if (running == 0)
            {
                _empty.TrySetResult();
            }

            return _empty.Task;
        }
    }

    public int CancelAll()
    {
        AgentTask[] running;
        lock (_lock)
        {
            running = [.. _running.Values];
        }

        Array.ForEach(running, task => task.Cancel());
        return running.Length;
    }

    private AdmissionRefusal? Refusal(string taskId) =>
        _finished.IsForgotten(taskId) ? AdmissionRefusal.Forgotten
        : _isStopping ? AdmissionRefusal.Stopping
        : _running.Count >= options.Value.MaxParallelTasks ? AdmissionRefusal.TooMany
        : null;

    private TaskView Started(string taskId, CredentialSnapshot credential) => new()
    {
        TaskId = taskId,
        Outcome = TaskOutcome.Running,
        SubscriptionId = credential.SubscriptionId,
        Generation = credential.Generation,
        Fingerprint = credential.Fingerprint,
        StartedAt = time.GetUtcNow(),
    };
}
