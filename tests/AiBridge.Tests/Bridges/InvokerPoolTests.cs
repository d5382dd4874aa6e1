using Trinity.AiBridge.Bridges;

namespace Trinity.AiBridge.Tests.Bridges;

public sealed class InvokerPoolTests
{
    [Theory]
    [InlineData("https://api.example.com/v1", "https://api.example.com:443/other", true)]
    [InlineData("https://API.example.com/", "https://api.example.com/v1", true)]
    [InlineData("https://api.example.com", "http://api.example.com", false)]
    [InlineData("https://api.example.com", "https://api.example.com:8443", false)]
    [InlineData("https://one.example.com", "https://two.example.com", false)]
    public void Key_IsSchemeHostAndPort(string one, string other, bool same) =>
        Assert.Equal(same, InvokerKey.Of(one) == InvokerKey.Of(other));

    [Fact]
    public void Release_OfTheLastUse_ClosesTheConnections()
    {
        var disposed = 0;
        var pool = new InvokerPool(() => new HttpMessageInvoker(new DisposalCounter(() => disposed++)));
        var key = InvokerKey.Of("http://127.0.0.1:9");
        var first = pool.Acquire(key);

        Assert.Same(first, pool.Acquire(key));
        pool.Release(key);
        Assert.Equal((0, 1), (disposed, pool.Count));
        pool.Release(key);

        Assert.Equal((1, 0), (disposed, pool.Count));
    }

    private sealed class DisposalCounter(Action disposed) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            disposed();
            base.Dispose(disposing);
        }
    }
}
