using Microsoft.Extensions.Options;
using Trinity.AgentServer.Runtimes;

namespace Trinity.AgentServer.Tasks;

/// <summary>What ended tasks have left running, such as a server that a turn started: it has the task's credential, and so the task keeps its lease until the last process has ended.</summary>
/// <remarks><c>_lock</c> guards <c>_tasks</c>. Nobody is told when a process ends that is no child of ours: it is looked when a task ends, and when somebody asks.</remarks>
internal sealed partial class BackgroundJobs(TimeProvider time, IOptions<AgentServerOptions> options, ILogger<BackgroundJobs> logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly List<AgentTask> _tasks = [];

    /// <summary>Takes over what a task holds whose work has ended.</summary>
    public void Watch(AgentTask ended)
    {
        lock (_lock)
        {
            _tasks.Add(ended);
        }

        LetGo();
        if (All().Contains(ended))
        {
            Log.Left(logger, ended.Started.TaskId, ended.Started.Generation);
        }
    }

    /// <summary>Returns the leases of those tasks of which nothing runs any more.</summary>
    public void LetGo()
    {
        var tasks = All();
        if (tasks.Length == 0)
        {
            return;
        }

        var left = TaggedProcesses.Left(tasks.Select(task => task.Mark).ToHashSet(StringComparer.Ordinal));
        foreach (var gone in tasks.Where(task => !left.Contains(task.Mark)))
        {
            gone.Dispose();
            lock (_lock)
            {
                _tasks.Remove(gone);
            }
        }
    }

    /// <summary>Ends what a task has left: asks first, and kills what is left after the grace.</summary>
    public async Task EndAsync(string taskId)
    {
        if (All().FirstOrDefault(task => task.Started.TaskId == taskId) is not { Mark: var mark })
        {
            return;
        }

        TaggedProcesses.Terminate(mark);
        var asked = time.GetTimestamp();
        using var timer = new PeriodicTimer(LookAgain, time);
        while (TaggedProcesses.IsAnyLeft(mark) && time.GetElapsedTime(asked) < options.Value.CancelGrace)
        {
            await timer.WaitForNextTickAsync();
        }

        TaggedProcesses.Kill(mark);
        LetGo();
    }

    /// <summary>A server that begins anew would know nothing of them.</summary>
    public void KillAll()
    {
        foreach (var task in All())
        {
            TaggedProcesses.Kill(task.Mark);
        }
    }

    private AgentTask[] All()
    {
        lock (_lock)
        {
            return [.. _tasks];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ProcessesLeft, LogLevel.Information, "Task {TaskId} has ended and left processes, which go on with credential generation {Generation}.")]
        public static partial void Left(ILogger logger, string taskId, long generation);
    }
}
