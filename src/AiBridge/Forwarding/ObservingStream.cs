namespace Trinity.AiBridge.Forwarding;

/// <summary>Hands the provider's bytes on as they come, and shows them to the observer.</summary>
internal sealed class ObservingStream(Stream provider, Reply reply) : ReadOnlyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await provider.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            reply.OnBytes(buffer.Span[..read]);
        }
        else if (!buffer.IsEmpty)
        {
            reply.OnEnd();
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            provider.Dispose();
        }

        base.Dispose(disposing);
    }
}
