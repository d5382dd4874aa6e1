using System.Diagnostics;

namespace Trinity.Bench.Demo;

/// <summary>What has happened so far, for the table and the verdict.</summary>
/// <remarks>Any thread reports, the view and the verdict look; <c>_gate</c> guards every field and is a leaf.</remarks>
internal sealed class Board(DemoOptions options)
{
    private readonly Lock _gate = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<KeyRow> _keys = [];
    private int _open;
    private int _finished;
    private int _failed;
    private int _stopped;
    private int _requests;
    private int _newestApplied;

    /// <summary>The newest key that every bridge is known to use.</summary>
    public int NewestApplied => Volatile.Read(ref _newestApplied);

    public void StreamOpened() => Change(() => _open++);

    public void StreamEnded(Ending ending) => Change(() =>
    {
        _open--;
        _finished += ending == Ending.Whole ? 1 : 0;
        _failed += ending == Ending.Failed ? 1 : 0;
        _stopped += ending == Ending.Stopped ? 1 : 0;
    });

    public void RequestFinished() => Change(() => _requests++);

    /// <summary>The provider got a request with this key.</summary>
    public void Arrived(int key) => Change(() => _keys[key] = _keys[key] with { Requests = _keys[key].Requests + 1 });

    /// <summary>Trinity is about to be told of this key.</summary>
    public void Rotating(DemoKey key) => Change(() => _keys.Add(new KeyRow(key.Number, key.Hint)));

    public void Applied(DemoKey key, Applied applied) => Change(() =>
    {
        _keys[key.Number] = _keys[key.Number] with { AppliedMs = applied.ElapsedMs };
        _keys[key.Number - 1] = _keys[key.Number - 1] with { Retired = true };
        _newestApplied = key.Number;
    });

    public void Draining(DemoKey old, long requests) => Change(() =>
        _keys[old.Number] = _keys[old.Number] with { Draining = requests, MostDraining = Math.Max(requests, _keys[old.Number].MostDraining) });

    public void Safe(DemoKey old, TimeSpan after) => Change(() => _keys[old.Number] = _keys[old.Number] with { Draining = 0, SafeAfter = after });

    public BoardState Look()
    {
        lock (_gate)
        {
            return new BoardState(options, Stopwatch.GetElapsedTime(_started), _open, _finished, _failed, _stopped, _requests, [.. _keys]);
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
