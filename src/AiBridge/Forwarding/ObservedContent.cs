using System.Net;

namespace Trinity.AiBridge.Forwarding;

/// <summary>The provider's reply content with an observer in front: YARP copies from here to the client.</summary>
internal sealed class ObservedContent(HttpContent provider, Func<Stream, Stream> observe) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => observe(await provider.ReadAsStreamAsync());

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        observe(await provider.ReadAsStreamAsync(cancellationToken));

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var source = await CreateContentReadStreamAsync();
        await source.CopyToAsync(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing); // the observing stream first, which knows what it still waits for
        if (disposing)
        {
            provider.Dispose();
        }
    }
}
