using System.Net.Http.Headers;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Sends a small body, which is in memory anyway, in one segment with the request's head. YARP's own content sends the head alone first, which costs the upstream a second wake-up.</summary>
/// <param name="upstream">Does the sending; not disposed.</param>
/// <param name="body">Copied: an upstream may answer and the request be over while it is still being sent.</param>
internal sealed class SmallBodyInvoker(HttpMessageInvoker upstream, ReadOnlySpan<byte> body) : HttpMessageInvoker(Unused, disposeHandler: false)
{
    /// <summary>What <see cref="SocketsHttpHandler"/> buffers beside a head of common size; with more the system sends twice all the same.</summary>
    public const int MaxBytes = 3 * 1024;

    private static readonly HttpMessageHandler Unused = new SocketsHttpHandler();
    private readonly byte[] _body = body.ToArray();

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(_body);
        Move(request.Content!.Headers, content.Headers);
        request.Content = content;
        return upstream.SendAsync(request, cancellationToken);
    }

    private static void Move(HttpContentHeaders from, HttpContentHeaders to)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (values.Count == 1)
            {
                to.TryAddWithoutValidation(name, values.ToString());
            }
            else
            {
                to.TryAddWithoutValidation(name, values);
            }
        }
    }
}
