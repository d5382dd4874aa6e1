using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>What a test does to the engine: it is out of reach, a call fails, or is held open.</summary>
/// <remarks><c>_lock</c> guards all fields; nothing is awaited inside.</remarks>
internal sealed class EngineFaults
{
    private readonly Lock _lock = new();
    private readonly List<Rule> _rules = [];
    private bool _isAway;

    public bool IsAway
    {
        get
        {
            lock (_lock)
            {
                return _isAway;
            }
        }
    }

    /// <summary>The next call of this name fails, or so many; the engine does nothing of it.</summary>
    /// <param name="call">Such as <c>start</c>.</param>
    /// <param name="fault">Its kind.</param>
    /// <param name="message">The engine's words.</param>
    /// <param name="container">Only for this one.</param>
    /// <param name="times">Null: always, until <see cref="Recover"/>.</param>
    public void Fail(string call, EngineFault fault, string message, string? container = null, int? times = 1) =>
        Add(new Rule(call, container, IsAfter: false, () => throw new EngineException(fault, message), null), times);

    /// <summary>The next call of this name waits at the gate before the engine does anything; then it is done, unless the engine has gone meanwhile.</summary>
    public Gate Hold(string call, string? container = null, int? times = 1) => Hold(call, container, times, isAfter: false);

    /// <summary>The next call of this name is done, and its answer waits at the gate; it never comes if the engine has gone meanwhile.</summary>
    public Gate HoldReply(string call, string? container = null, int? times = 1) => Hold(call, container, times, isAfter: true);

    public void Recover()
    {
        lock (_lock)
        {
            _rules.Clear();
        }
    }

    internal void SetAway(bool isAway)
    {
        lock (_lock)
        {
            _isAway = isAway;
        }
    }

    internal async Task PassAsync(string call, string container, bool isAfter, CancellationToken cancellationToken)
    {
        RequireReachable();
        var rule = Take(call, container, isAfter);
        rule?.Throw?.Invoke();
        if (rule?.Gate is { } gate)
        {
            await gate.PassAsync(cancellationToken);
            RequireReachable();
        }
    }

    internal void RequireReachable()
    {
        if (IsAway)
        {
            throw Away();
        }
    }

    internal static EngineException Away() => new(EngineFault.Unreachable, "The container engine at unix:///in-memory does not answer.");

    private Gate Hold(string call, string? container, int? times, bool isAfter)
    {
        var gate = new Gate();
        Add(new Rule(call, container, isAfter, null, gate), times);
        return gate;
    }

    private void Add(Rule rule, int? times)
    {
        lock (_lock)
        {
            rule.Left = times ?? -1;
            _rules.Add(rule);
        }
    }

    private Rule? Take(string call, string container, bool isAfter)
    {
        lock (_lock)
        {
            var rule = _rules.Find(rule => rule.Left != 0 && rule.Call == call && rule.IsAfter == isAfter && (rule.Container is null || rule.Container == container));
            if (rule is { Left: > 0 })
            {
                rule.Left--;
            }

            return rule;
        }
    }

    private sealed record Rule(string Call, string? Container, bool IsAfter, Action? Throw, Gate? Gate)
    {
        /// <summary>Below zero: for ever.</summary>
        public int Left { get; set; }
    }
}
