using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Trinity.TestSupport.Providers;

/// <summary>Takes a request off the wire, body included.</summary>
internal static class FakeRequestReader
{
    public static async Task<FakeRequest> ReadAsync(HttpContext context, int order)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (body, isComplete) = await ReadBodyAsync(context);
        return new FakeRequest
        {
            Order = order,
            Method = context.Request.Method,
            Protocol = context.Request.Protocol,
            Path = question < 0 ? target : target[..question],
            Query = question < 0 ? "" : target[question..],
            Headers = new Dictionary<string, StringValues>(context.Request.Headers, StringComparer.OrdinalIgnoreCase),
            Body = body,
            BodyIsComplete = isComplete,
            ConnectionId = context.Connection.Id,
        };
    }

    private static async Task<(byte[] Body, bool IsComplete)> ReadBodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return (body.ToArray(), true);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or BadHttpRequestException)
        {
            return (body.ToArray(), false);
        }
    }
}
