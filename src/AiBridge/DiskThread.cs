using System.Collections.Concurrent;

namespace Trinity.AiBridge;

/// <summary>One thread that does the waiting for a disk, in the order asked for. The pool's threads are the requests'.</summary>
/// <remarks>Safe for any number of callers. Disposal waits a moment for what is still to be done.</remarks>
internal sealed class DiskThread : IDisposable
{
    private static readonly TimeSpan LastWork = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public DiskThread()
    {
        _thread = new Thread(RunAll) { IsBackground = true, Name = "Disk" };
        _thread.Start();
    }

    /// <summary>Returns at once. <paramref name="work"/> may not throw.</summary>
    public void Run(Action work) => _work.Add(work);

    /// <summary>The task ends as <paramref name="work"/> does.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var task = new Task<T>(work, TaskCreationOptions.RunContinuationsAsynchronously); // whoever waits goes on elsewhere
        Run(() => task.RunSynchronously(TaskScheduler.Default));
        return task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        if (_thread.Join(LastWork))
        {
            _work.Dispose(); // not by the thread: it may be done before CompleteAdding is
        }
    }

    private void RunAll()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
