using System.Runtime.CompilerServices;

namespace Trinity.AgentServer.Tasks;

/// <summary>A task's latest lines, for those who watch it. A slow watcher misses lines; it never slows the task, nor does a long output fill the memory.</summary>
/// <remarks><c>_lock</c> guards all fields; the task's reader writes, watchers read and wait for <c>_changed</c>.</remarks>
internal sealed class TaskOutput
{
    private const int MostCharacters = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _written;
    private int _characters;
    private bool _isComplete;

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line);
            _written++;
            _characters += line.Length;
            while (_characters > MostCharacters && _lines.Count > 1)
            {
                _characters -= _lines.Dequeue().Length;
            }

            Changed();
        }
    }

    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
            Changed();
        }
    }

    /// <summary>The lines with their numbers, from the oldest that is kept to the task's last; a gap in the numbers is what was missed.</summary>
    public async IAsyncEnumerable<(long Number, string Line)> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long next = 0;
        while (true)
        {
            string[] lines;
            long first;
            Task changed;
            bool isComplete;
            lock (_lock)
            {
                var oldest = _written - _lines.Count;
                first = Math.Max(next, oldest);
                lines = [.. _lines.Skip((int)(first - oldest))];
                changed = _changed.Task;
                isComplete = _isComplete;
            }

            foreach (var line in lines)
            {
                yield return (++first, line);
            }

            next = first;
            if (isComplete)
            {
                yield break;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Changed()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
