using System.Text;
using Trinity.AiBridge.Forwarding;

namespace Trinity.AiBridge.Tests.Forwarding;

/// <summary>One event, which is there when the test says so, and what the test wants after it.</summary>
internal sealed class OneRead : ReadOnlyStream
{
    private bool _wasRead;

    /// <summary>The answer to a read of nothing, before the event was read (false) and after.</summary>
    public Func<bool, ValueTask<int>> Look { get; init; } = _ => new(0);

    public Func<ValueTask<int>> Then { get; init; } = () => new(0);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return Look(_wasRead);
        }

        if (_wasRead)
        {
            return Then();
        }

        _wasRead = true;
        return new(Encoding.UTF8.GetBytes("data: 1\n\n", buffer.Span));
    }
}
