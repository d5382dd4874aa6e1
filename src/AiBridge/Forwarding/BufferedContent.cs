using System.Net;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Forwarding;

/// <summary>A request's body as content that can be sent more than once. With HTTP/2 a server may refuse a request unseen (GOAWAY, REFUSED_STREAM), as some do after every thousandth, and the HTTP client then sends it again on another connection; YARP's own content cannot be.</summary>
/// <remarks>An upstream may answer and the exchange be over while the body is still being written: whoever writes holds the body's buffer until he is done.</remarks>
/// <param name="body">The exchange's.</param>
/// <param name="attemptOver">Ends the writing: with HTTP/2 the client itself would go on when the reply is complete, on a key that may have been refused.</param>
internal sealed class BufferedContent(RequestBody body, CancellationToken attemptOver) : HttpContent
{
    private readonly long _length = body.Bytes.Length;

    /// <summary>The upstream did not take all of it, the last time.</summary>
    public bool Failed { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (!body.TryHold())
        {
            throw new IOException("The exchange is over.");
        }

        Failed = false;
        try
        {
            using var either = attemptOver.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, attemptOver) : null;
            await stream.WriteAsync(body.Bytes, either?.Token ?? cancellationToken);
        }
        catch
        {
            Failed = true;
            throw;
        }
        finally
        {
            body.Release();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
