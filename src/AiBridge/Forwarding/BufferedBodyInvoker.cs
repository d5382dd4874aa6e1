using System.Net.Http.Headers;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Sends a body that is in memory as <see cref="BufferedContent"/>, instead of YARP's own content: that cannot be sent again, and sends the head alone first, which costs the upstream a second wake-up.</summary>
/// <param name="upstream">Does the sending; not disposed.</param>
/// <param name="body">The exchange's.</param>
/// <param name="attemptOver">Fires at the latest when the attempt ends.</param>
internal sealed class BufferedBodyInvoker(HttpMessageInvoker upstream, RequestBody body, CancellationToken attemptOver) : HttpMessageInvoker(Unused, disposeHandler: false)
{
    private static readonly HttpMessageHandler Unused = new SocketsHttpHandler();
    private BufferedContent? _content;

    /// <summary>The upstream did not take the whole body.</summary>
    public bool WriteFailed => _content is { Failed: true };

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Without TLS it is HTTP/1.1, which writes the body before it looks for the reply, under the request's own token.
        var content = _content = new BufferedContent(body, request.RequestUri?.Scheme == Uri.UriSchemeHttps ? attemptOver : CancellationToken.None);
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
