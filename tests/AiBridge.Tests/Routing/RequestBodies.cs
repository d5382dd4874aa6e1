using System.Text;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

/// <summary>Request bodies from text.</summary>
internal static class RequestBodies
{
    public static async Task<RequestBody> OfAsync(string text)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return (await RequestBody.ReadAsync(context.Request, long.MaxValue, Timeouts.Token))!;
    }
}
