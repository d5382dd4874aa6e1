using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>Starts workers in memory, which tests answer for.</summary>
/// <remarks><c>_lock</c> guards the lists. The properties are set before the threads that read them start, or while these are held.</remarks>
internal sealed class FakeWorkers : IWorkerLauncher
{
    private readonly Lock _lock = new();
    private readonly List<FakeWorkerProcess> _started = [];
    private readonly List<FakeQuestion> _questions = [];
    private readonly List<string> _violations = [];
    private readonly StateSignal _signal = new();

    /// <summary>Answers at once; null: the test does.</summary>
    public Action<FakeQuestion>? Script { get; set; }

    /// <summary>What a start waits for, or throws.</summary>
    public Func<string, Task>? OnLaunch { get; set; }

    /// <summary>Runs on the thread that looks whether a worker is alive.</summary>
    public Action<FakeWorkerProcess>? OnExitedRead { get; set; }

    /// <summary>Whether a worker ends when its input does.</summary>
    public bool HeedsEndOfInput { get; set; } = true;

    public bool RefusesInput { get; set; }

    public int MostLiving { get; private set; }

    public IReadOnlyList<FakeWorkerProcess> Started => Copy(_started);

    public IReadOnlyList<FakeQuestion> Questions => Copy(_questions);

    public IReadOnlyList<string> Violations => Copy(_violations);

    public IReadOnlyList<FakeWorkerProcess> Living => [.. Started.Where(process => !process.IsDisposed)];

    public async Task<IWorkerProcess> LaunchAsync(string home, CancellationToken cancellationToken)
    {
        if (OnLaunch is { } launching)
        {
            await launching(home).WaitAsync(cancellationToken);
        }

        lock (_lock)
        {
            var process = new FakeWorkerProcess(this, home, _started.Count);
            _started.Add(process);
            MostLiving = Math.Max(MostLiving, _started.Count(each => !each.IsDisposed));
            return process;
        }
    }

    public void Asked(FakeQuestion question)
    {
        lock (_lock)
        {
            _questions.Add(question);
        }

        Script?.Invoke(question);
        _signal.Changed();
    }

    public void Violated(string what)
    {
        lock (_lock)
        {
            _violations.Add(what);
        }
    }

    public void Changed() => _signal.Changed();

    /// <summary>Waits until so many questions have been asked in all, and returns the last of them.</summary>
    public async Task<FakeQuestion> QuestionAsync(int number)
    {
        await _signal.WaitAsync(() => Questions.Count >= number, () => $"{number} questions should have been asked; there were {Questions.Count}", Timeouts.Token);
        return Questions[number - 1];
    }

    public Task WhenAsync(Func<bool> condition, string because) => _signal.WaitAsync(condition, () => because, Timeouts.Token);

    private IReadOnlyList<T> Copy<T>(List<T> list)
    {
        lock (_lock)
        {
            return [.. list];
        }
    }
}
