using System.Net;

namespace Trinity.Fault.Tests.Support;

/// <summary>What a load balancer asks.</summary>
internal static class Probe
{
    public static async Task<bool> IsReadyAsync(HttpClient client, string url, CancellationToken cancellationToken)
    {
        try
        {
            using var reply = await client.GetAsync(url + "/readyz", cancellationToken);
            return reply.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // does not listen
        }
    }
}
