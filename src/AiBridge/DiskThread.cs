using System.Collections.Concurrent;

namespace Trinity.AiBridge;

/// <summary>One thread that does the waiting for a disk, in the order asked for. The pool's threads are the requests'.</summary>
/// <remarks>Safe for any number of callers. What is still to be done at disposal is done; nobody waits for it.</remarks>
internal sealed class DiskThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public DiskThread() => new Thread(RunAll) { IsBackground = true, Name = "Disk" }.Start();

    /// <summary>Returns at once. <paramref name="work"/> may not throw.</summary>
    public void Run(Action work) => _work.Add(work);

    /// <summary>The task ends as <paramref name="work"/> does.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var task = new Task<T>(work, TaskCreationOptions.RunContinuationsAsynchronously); // whoever waits goes on elsewhere
        Run(() => task.RunSynchronously(TaskScheduler.Default));
        return task;
    }

    public void Dispose() => _work.CompleteAdding();

    private void RunAll()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }

        _work.Dispose();
    }
}
