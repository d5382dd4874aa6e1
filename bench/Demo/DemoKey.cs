using System.Collections.Concurrent;
using Trinity.Shared.Secrets;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo;

/// <summary>One key of the provider, and the upstream's own account of its use.</summary>
/// <remarks>The upstream's requests add to it; the rotator reads it and sets <c>_unused</c>, once.</remarks>
internal sealed class DemoKey(int number, string secret)
{
    private readonly ConcurrentQueue<(FakeGate Gate, int Pieces)> _streams = new();
    private volatile bool _unused;

    public int Number => number;

    public string Secret => secret;

    /// <summary>What may be shown of it.</summary>
    public string Hint { get; } = SecretHint.Of(secret);

    /// <summary>Whether Trinity has said that it is out of use everywhere.</summary>
    public bool IsDeclaredUnused => _unused;

    /// <summary>A stream under way on this key; the gate counts the pieces that are sent.</summary>
    public void Carries(FakeGate gate, int pieces) => _streams.Enqueue((gate, pieces));

    /// <summary>Takes note that Trinity calls it unused, and returns how many streams the upstream is still sending on it: none, if that is true.</summary>
    public int DeclareUnused()
    {
        _unused = true;
        return _streams.Count(stream => stream.Gate.Written < stream.Pieces);
    }

    public override string ToString() => $"key {Number} ({Hint})";
}
