using System.Diagnostics.Metrics;
using Trinity.Shared.Hosting;

namespace Trinity.Shared.Tests.Hosting;

public sealed class PrometheusScraperTests : IDisposable
{
    private readonly Meter _meter = new($"Trinity.Tests.{Guid.CreateVersion7()}");
    private readonly PrometheusScraper _scraper;

    public PrometheusScraperTests() => _scraper = new PrometheusScraper(_meter.Name);

    public void Dispose()
    {
        _scraper.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Scrape_NothingRecorded_IsEmpty() => Assert.Equal("", _scraper.Scrape());

    [Fact]
    public void Counter_IsCumulativeAndEndsInTotal()
    {
        var counter = _meter.CreateCounter<long>("trinity.requests", "{request}", "Requests.");
        counter.Add(2, new KeyValuePair<string, object?>("gen_ai.provider-name", "openai"));
        Scrape();
        counter.Add(3, new KeyValuePair<string, object?>("gen_ai.provider-name", "openai"));
        counter.Add(1);

        var scrape = Scrape();

        Assert.Equal("counter", scrape.Types["trinity_requests_total"]);
        Assert.Equal("Requests.", scrape.Help["trinity_requests_total"]);
        Assert.Equal(5, scrape.Value("trinity_requests_total", ("gen_ai_provider_name", "openai")));
        Assert.Equal(1, scrape.Value("trinity_requests_total"));
    }

    [Theory]
    [InlineData("trinity.time", "s", "trinity_time_seconds_total")]
    [InlineData("trinity.time.seconds", "s", "trinity_time_seconds_total")]
    [InlineData("trinity-size", "By", "trinity_size_bytes_total")]
    [InlineData("trinity/size", null, "trinity_size_total")]
    [InlineData("trinity.requests_total", "{request}", "trinity_requests_total")]
    [InlineData("trinity.time_total", "s", "trinity_time_seconds_total")]
    public void Counter_Name_CarriesItsUnitOnce(string name, string? unit, string expected)
    {
        _meter.CreateCounter<double>(name, unit).Add(1.5);
        Assert.Equal(1.5, Scrape().Value(expected));
    }

    [Fact]
    public void Gauges_OfAllKinds_AreGauges()
    {
        _meter.CreateGauge<long>("trinity.long").Record(7);
        _meter.CreateGauge<double>("trinity.double", "s").Record(-0.25);
        _meter.CreateUpDownCounter<long>("trinity.up_down").Add(-3);
        _meter.CreateUpDownCounter<double>("trinity.up_down.double").Add(1e21);
        _meter.CreateObservableGauge("trinity.observed", () => new Measurement<int>(9, new KeyValuePair<string, object?>("on", true)));

        var scrape = Scrape();

        Assert.All(scrape.Types, type => Assert.Equal("gauge", type.Value));
        Assert.Equal(7, scrape.Value("trinity_long"));
        Assert.Equal(-0.25, scrape.Value("trinity_double_seconds"));
        Assert.Equal(-3, scrape.Value("trinity_up_down"));
        Assert.Equal(1e21, scrape.Value("trinity_up_down_double"));
        Assert.Equal(9, scrape.Value("trinity_observed", ("on", "True")));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Gauge_Infinity_IsWrittenAsPrometheusReadsIt(double value)
    {
        _meter.CreateGauge<double>("trinity.double").Record(value);
        Assert.Equal(value, Scrape().Value("trinity_double"));
    }

    [Fact]
    public void Histogram_BucketsAreCumulativeUpToInfinity()
    {
        var histogram = _meter.CreateHistogram(
            "trinity.request.duration",
            "s",
            "How long.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 10] });
        foreach (var seconds in (double[])[0.05, 0.1, 0.5, 100])
        {
            histogram.Record(seconds, new KeyValuePair<string, object?>("outcome", "completed"));
        }

        var scrape = Scrape();

        Assert.Equal("histogram", scrape.Types["trinity_request_duration_seconds"]);
        Assert.Equal(
            [("0.1", 2.0), ("1", 3.0), ("10", 3.0), ("+Inf", 4.0)],
            scrape.Samples.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal)).Select(sample => (sample.Labels["le"], sample.Value)));
        Assert.Equal(4, scrape.Value("trinity_request_duration_seconds_count", ("outcome", "completed")));
        Assert.Equal(100.65, scrape.Value("trinity_request_duration_seconds_sum", ("outcome", "completed")), precision: 9);
    }

    [Fact]
    public void Histogram_WithoutLabels_HasOnlyTheBound()
    {
        _meter.CreateHistogram<long>("trinity.size", "By").Record(3);
        Assert.Equal(1, Scrape().Value("trinity_size_bytes_bucket", ("le", "+Inf")));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("quote \" inside")]
    [InlineData("back\\slash")]
    [InlineData("two\nlines")]
    [InlineData("\\n is no line break")]
    [InlineData("{}, a=\"b\"")]
    [InlineData("ünïcödé")]
    [InlineData("")]
    public void LabelValue_SurvivesEscaping(string value)
    {
        _meter.CreateCounter<long>("trinity.requests").Add(1, new KeyValuePair<string, object?>("model", value));
        Assert.Equal(1, Scrape().Value("trinity_requests_total", ("model", value)));
    }

    [Fact]
    public void Description_WithLineBreak_StaysOneLine()
    {
        _meter.CreateCounter<long>("trinity.requests", description: "One\ntwo \\ three").Add(1);
        Assert.Equal(@"One\ntwo \\ three", Scrape().Help["trinity_requests_total"]);
    }

    [Fact]
    public async Task Scrape_ManyAtOnce_EachIsWhole()
    {
        var counter = _meter.CreateCounter<long>("trinity.requests");
        counter.Add(1);
        var scrapes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(Scrape, TestContext.Current.CancellationToken)));
        Assert.All(scrapes, scrape => Assert.Equal(1, scrape.Value("trinity_requests_total")));
    }

    [Fact]
    public void OtherMeters_AreLeftOut()
    {
        using var other = new Meter(_meter.Name + ".other");
        other.CreateCounter<long>("trinity.requests").Add(1);
        Assert.Equal("", _scraper.Scrape());
    }

    private PrometheusParser Scrape() => PrometheusParser.Parse(_scraper.Scrape());
}
