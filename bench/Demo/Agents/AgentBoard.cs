using System.Diagnostics;

namespace Trinity.Bench.Demo.Agents;

/// <summary>What has happened so far, for the table and the verdict.</summary>
/// <remarks>Any thread reports, the view and the verdict look; <c>_gate</c> guards every field and is a leaf.</remarks>
internal sealed class AgentBoard(AgentDemoOptions options)
{
    private readonly Lock _gate = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<TokenRow> _tokens = [];
    private IReadOnlyList<SeenAgent> _agents = [];
    private int _running;
    private int _finished;

    public void Rotating(DemoToken token) => Change(() => _tokens.Add(new TokenRow(token.Number, token.Hint)));

    /// <summary>The provider got a request with this token.</summary>
    public void Arrived(DemoToken token) => Change(() => _tokens[token.Number] = _tokens[token.Number] with { Requests = _tokens[token.Number].Requests + 1 });

    /// <summary>Every agent works with it.</summary>
    public void Applied(DemoToken token, TimeSpan after) => Change(() => _tokens[token.Number] = _tokens[token.Number] with { AppliedAfter = after });

    /// <summary>So many turns ran on it when its successor was applied.</summary>
    public void Draining(DemoToken old, long turns) => Change(() => _tokens[old.Number] = _tokens[old.Number] with { TurnsAfterRotation = turns });

    public void Safe(DemoToken old, TimeSpan after) => Change(() => _tokens[old.Number] = _tokens[old.Number] with { SafeAfter = after });

    public void TurnBegun() => Change(() => _running++);

    public void TurnEnded() => Change(() =>
    {
        _running--;
        _finished++;
    });

    public void Seen(IReadOnlyList<SeenAgent> agents) => Change(() => _agents = agents);

    public AgentBoardState Look()
    {
        lock (_gate)
        {
            return new AgentBoardState(options, Stopwatch.GetElapsedTime(_started), _running, _finished, [.. _tokens], _agents);
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }
    }
}

/// <summary>The <see cref="AgentBoard"/> at one moment.</summary>
internal sealed record AgentBoardState(AgentDemoOptions Options, TimeSpan Elapsed, int Running, int Finished, IReadOnlyList<TokenRow> Tokens, IReadOnlyList<SeenAgent> Agents);

/// <summary>One of the subscription's tokens.</summary>
internal sealed record TokenRow(int Number, string Hint)
{
    /// <summary>Requests that the provider got with it.</summary>
    public int Requests { get; init; }

    /// <summary>From its rotation until every agent had it; null for the first, and until then.</summary>
    public TimeSpan? AppliedAfter { get; init; }

    /// <summary>Turns that still ran on it when its successor was applied; null until then.</summary>
    public long? TurnsAfterRotation { get; init; }

    /// <summary>How long after its rotation it was proven out of use.</summary>
    public TimeSpan? SafeAfter { get; init; }
}

/// <summary>An agent as the API shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Container">The first digits of its container's id.</param>
/// <param name="IsSame">Whether that is the container it began with.</param>
/// <param name="Generation">What it works with.</param>
/// <param name="Running">Its running turns, by the generation they were begun with.</param>
internal sealed record SeenAgent(string Name, string Container, bool IsSame, long Generation, string Running);
