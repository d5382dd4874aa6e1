using System.Text;

namespace Trinity.Fault.Tests.Support;

/// <summary>Replies that never end, and how many bytes of them the upstream has got rid of.</summary>
/// <remarks><c>_written</c> is added to by every reply's own flow, by <c>Interlocked</c>.</remarks>
internal sealed class EndlessStream
{
    private static readonly IReadOnlyList<string> Frames = AnthropicMessage.Saying("and so on").Frames();
    private static readonly byte[] Opening = Encoding.UTF8.GetBytes(string.Concat(Frames.Take(3))); // message_start, content_block_start, ping
    private static readonly byte[] Delta = Encoding.UTF8.GetBytes(Frames[3]);

    private long _written;

    public long Written => Interlocked.Read(ref _written);

    /// <summary>One event after each pause.</summary>
    public FakeReply Dribbling(TimeSpan pause) => FakeReply.LiveSse(async (body, cancellationToken) =>
    {
        using var timer = new PeriodicTimer(pause);
        await WriteAsync(body, Opening, cancellationToken);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await WriteAsync(body, Delta, cancellationToken);
        }
    });

    /// <summary>As many events as the connection takes.</summary>
    public FakeReply Flooding() => FakeReply.LiveSse(async (body, cancellationToken) =>
    {
        var events = Enumerable.Repeat(Delta, 500).SelectMany(bytes => bytes).ToArray();
        await WriteAsync(body, Opening, cancellationToken);
        while (true)
        {
            await WriteAsync(body, events, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested(); // the server swallows what is written to a client that has left,
            await Task.Yield();                               // and tells the token from a thread of the pool, which there must be
        }
    });

    private async Task WriteAsync(Stream body, byte[] bytes, CancellationToken cancellationToken)
    {
        await body.WriteAsync(bytes, cancellationToken);
        await body.FlushAsync(cancellationToken);
        Interlocked.Add(ref _written, bytes.Length);
    }
}
