namespace Trinity.TestSupport.Providers;

/// <summary>The waits that a reply asks for.</summary>
internal static class ReplyTiming
{
    public static async Task BeforeHeadAsync(FakeReply reply, CancellationToken cancellationToken)
    {
        if (reply.HeadGate is { } gate)
        {
            await gate.PassAsync(cancellationToken);
        }
    }

    public static async Task BeforePieceAsync(FakeReply reply, CancellationToken cancellationToken)
    {
        if (reply.Gate is { } gate)
        {
            await gate.PassAsync(cancellationToken);
        }

        if (reply.Pace > TimeSpan.Zero)
        {
            await Task.Delay(reply.Pace, cancellationToken);
        }
    }
}
