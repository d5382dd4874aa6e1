using System.Text;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

/// <summary>Request bodies from text or bytes.</summary>
internal static class RequestBodies
{
    private static readonly BodyBuffers Buffers = new(TimeProvider.System);

    public static Task<RequestBody> OfAsync(string text) => OfAsync(Encoding.UTF8.GetBytes(text));

    public static async Task<RequestBody> OfAsync(byte[] bytes)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(bytes);
        return (await RequestBody.ReadAsync(context.Request, Buffers, long.MaxValue, Timeouts.Token))!;
    }
}
