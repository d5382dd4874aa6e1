using System.Net.Http.Headers;

namespace Trinity.Shared.Tests.Limits;

/// <summary>A reply's headers, written as <c>name: value</c>, one on a line; the same name again is a second line of it.</summary>
internal static class Reply
{
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static HttpResponseHeaders With(string headers)
    {
        using var reply = new HttpResponseMessage();
        foreach (var line in headers.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            Assert.True(reply.Headers.TryAddWithoutValidation(name, value), line);
        }

        return reply.Headers;
    }
}
