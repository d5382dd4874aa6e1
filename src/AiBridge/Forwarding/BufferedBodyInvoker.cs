using System.Net.Http.Headers;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Sends a body that is in memory as <see cref="BufferedContent"/>, instead of YARP's own content: that cannot be sent again, and sends the head alone first, which costs the upstream a second wake-up.</summary>
/// <param name="upstream">Does the sending; not disposed.</param>
/// <param name="body">The exchange's.</param>
internal sealed class BufferedBodyInvoker(HttpMessageInvoker upstream, RequestBody body) : HttpMessageInvoker(Unused, disposeHandler: false)
{
    private static readonly HttpMessageHandler Unused = new SocketsHttpHandler();

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var content = new BufferedContent(body);
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
