namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>The calls that reached the engine, as <c>start trinity-agent-a</c>, oldest first.</summary>
/// <remarks><c>_lock</c> guards the list.</remarks>
internal sealed class EngineCalls
{
    private static readonly string[] Changing = ["create", "start", "stop", "remove", "rename"];

    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly StateSignal _signal = new();

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>Those that make, start, stop or remove a container.</summary>
    public IReadOnlyList<string> Changes => [.. All.Where(call => Changing.Contains(call.Split(' ')[0], StringComparer.Ordinal))];

    public void Forget()
    {
        lock (_lock)
        {
            _calls.Clear();
        }
    }

    public Task WhenAsync(Func<EngineCalls, bool> condition, string because) =>
        _signal.WaitAsync(() => condition(this), () => $"{because}; the engine got {string.Join(", ", All)}.", CancellationToken.None);

    internal void Add(string call)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }

        _signal.Changed();
    }
}
