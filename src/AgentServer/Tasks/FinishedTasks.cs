using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>The latest ended tasks within a bound of number and size, and for longer the ids of those that were let go. Its owner locks.</summary>
internal sealed class FinishedTasks(int capacity)
{
    private const long MostCharacters = 16 * 1024 * 1024;
    private const int RememberedIds = 10_000;

    /// <summary>Of six bytes each at worst, as JSON escapes them: with the rest of ten thousand tasks that is within the eight MiB that a control plane reads.</summary>
    private const long MostListedCharacters = 512 * 1024;

    private readonly OrderedDictionary<string, TaskView> _views = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, bool> _forgotten = new(StringComparer.Ordinal);
    private long _characters;

    /// <summary>Newest first; only the newest with their texts, as far as a list holds them.</summary>
    public IEnumerable<TaskView> Listed()
    {
        var characters = 0L;
        foreach (var view in _views.Values.Reverse())
        {
            characters += Size(view);
            yield return characters <= MostListedCharacters ? view : view with { Response = null, Error = null };
        }
    }

    public TaskView? Find(string taskId) => _views.GetValueOrDefault(taskId);

    /// <summary>Whether there was a task of this id whose result is no longer held.</summary>
    public bool IsForgotten(string taskId) => _forgotten.ContainsKey(taskId);

    public void Add(TaskView view)
    {
        _views[view.TaskId] = view;
        _characters += Size(view);
        while (_views.Count > capacity || (_characters > MostCharacters && _views.Count > 1))
        {
            var oldest = _views.GetAt(0);
            _views.RemoveAt(0);
            _characters -= Size(oldest.Value);
            _forgotten[oldest.Key] = true;
            if (_forgotten.Count > RememberedIds)
            {
                _forgotten.RemoveAt(0);
            }
        }
    }

    private static int Size(TaskView view) => (view.Response?.Length ?? 0) + (view.Error?.Length ?? 0);
}
