using System.Globalization;
using System.Net;
using Trinity.AiBridge.FunctionalTests.Recording;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

public sealed class PassThroughLabelTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private TestBench Bench => echo.Bench;

    // A series per id or per invented method would grow without end.
    [Fact]
    public async Task PassThrough_WithManyIdsAndMethods_IsCountedInAFewSeries()
    {
        using var metrics = new HostMetrics(Bench.Bridge);
        for (var i = 0; i < 60; i++)
        {
            var id = i.ToString(CultureInfo.InvariantCulture);
            foreach (var path in new[] { $"/openai/v1/responses/resp_{id}/input_items/{id}?after={id}", $"/openai/v1/models/model-{id}", $"/openai/v1/conversations/conv_{id}" })
            {
                using var request = new HttpRequestMessage(new HttpMethod(i % 2 == 0 ? "GET" : $"PURGE{id}"), path) { Headers = { Authorization = new("Bearer", Bench.Token) } };
                using var reply = await Bench.SendAsync(request);
                Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            }
        }

        string[] expected =
        [
            .. from route in new[] { "/v1/conversations/{id}", "/v1/models/{id}", "/v1/responses/{id}" }
               from method in new[] { "GET", "other" }
               select $"trinity_passthrough{{provider=openai,route={route},method={method}}}",
        ];
        var series = metrics.Sums.Where(series => series.Key.StartsWith("trinity_passthrough{", StringComparison.Ordinal)).ToList();
        Assert.Equal(expected, series.Select(each => each.Key).Order(StringComparer.Ordinal));
        Assert.All(series, each => Assert.Equal(30, each.Value));
    }
}
