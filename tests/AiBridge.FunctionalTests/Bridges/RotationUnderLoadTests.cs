using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Trinity.AiBridge.FunctionalTests.Hosting;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Bridges;

/// <summary>The promise, under load: keys rotate while streams run, and nobody notices.</summary>
/// <remarks>Eight seconds of streams by default; thirty, with edits every second and rotations every three, when <c>TRINITY_LONG_TESTS=1</c>.</remarks>
[Collection(RunsAlone.Name)]
public sealed class RotationUnderLoadTests(ITestOutputHelper output)
{
    private const int Streams = 200;
    private const int Callers = 4;
    private const string FloorHeader = "X-Test-Floor";
    private const string StreamHeader = "X-Test-Stream";

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("TRINITY_LONG_TESTS") == "1";
    private static readonly TimeSpan StreamTime = TimeSpan.FromSeconds(IsLong ? 30 : 8);
    private static readonly TimeSpan EditInterval = TimeSpan.FromSeconds(IsLong ? 1 : 0.4);
    private static readonly TimeSpan RotationInterval = TimeSpan.FromSeconds(IsLong ? 3 : 0.8);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly ConcurrentBag<string> _failures = [];
    private readonly List<double> _applied = [];
    private int _rotation; // the highest one known to be applied
    private int _shortRequests;

    [Fact]
    public async Task TwoHundredStreams_UnderRotationsAndEdits_AllArriveWholeAndNothingLeaks()
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"]);
        bench.Upstream.Respond(Answer);
        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", KeyOf(0)));
        await AskAsync(bench, bench.Client);
        var handles = Handles();
        using var load = CreateClient(bench);
        using var stop = new CancellationTokenSource();

        var background = new[] { RotateAsync(bench, stop.Token), EditAsync(bench, stop.Token) }
            .Concat(Enumerable.Range(0, Callers).Select(_ => CallAsync(bench, load, stop.Token))).ToList();
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(number => StreamAsync(bench, load, number)));
        await stop.CancelAsync();
        await Task.WhenAll(background);

        Assert.Empty(_failures);
        AssertEveryRequestHadANewEnoughKey(bench);
        output.WriteLine($"{Streams} streams, {_shortRequests} short requests, {_rotation} rotations; commit to applied p50 {Percentile(.5):0.0} ms, p99 {Percentile(.99):0.0} ms");
        await AssertNothingIsLeftAsync(bench, load, handles);
    }

    private static FakeReply Answer(FakeRequest request) => request.Header(StreamHeader) is { } number
        ? StreamOf(int.Parse(number, CultureInfo.InvariantCulture)) is var reply ? reply.PacedBy(StreamTime / reply.Pieces.Count) : reply
        : AnthropicMessage.Saying("Hello.").For(request);

    private static FakeReply StreamOf(int number) =>
        AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(0, 30).Select(word => $"stream-{number}-word-{word}"))).Streaming();

    private static string KeyOf(int rotation) => $"sk-rotation-{rotation:00000}-0123456789";

    private static int RotationOf(FakeRequest request) => int.Parse(request.Key!.Split('-')[2], CultureInfo.InvariantCulture);

    private static int Handles() => Directory.GetFiles("/proc/self/fd").Length;

    private static HttpClient CreateClient(TestBench bench) => LoopbackHttp.CreateClient(bench.Bridge.Url);

    private HttpRequestMessage Request(TestBench bench)
    {
        var request = bench.Post(GatedStream.Path, GatedStream.Request);
        request.Headers.Add(FloorHeader, Volatile.Read(ref _rotation).ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private async Task StreamAsync(TestBench bench, HttpClient client, int number)
    {
        using var request = Request(bench);
        request.Headers.Add(StreamHeader, number.ToString(CultureInfo.InvariantCulture));
        using var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.After(Limit));
        var body = await reply.Content.ReadAsByteArrayAsync(Timeouts.After(Limit));
        if (reply.StatusCode != HttpStatusCode.OK || !body.AsSpan().SequenceEqual(StreamOf(number).BodyBytes()))
        {
            _failures.Add($"stream {number}: {(int)reply.StatusCode}, {body.Length} bytes: {System.Text.Encoding.UTF8.GetString(body)}");
        }
    }

    private async Task AskAsync(TestBench bench, HttpClient client)
    {
        using var request = Request(bench);
        using var reply = await client.SendAsync(request, Timeouts.After(Limit));
        if (reply.StatusCode != HttpStatusCode.OK)
        {
            _failures.Add($"short request: {(int)reply.StatusCode} {await reply.Content.ReadAsStringAsync(Timeouts.After(Limit))}");
        }

        Interlocked.Increment(ref _shortRequests);
    }

    private async Task CallAsync(TestBench bench, HttpClient client, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!stop.IsCancellationRequested)
        {
            await AskAsync(bench, client);
            await pace.WaitForNextTickAsync(Timeouts.After(Limit));
        }
    }

    private async Task RotateAsync(TestBench bench, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(RotationInterval);
        while (!stop.IsCancellationRequested)
        {
            var next = _rotation + 1;
            var revision = await bench.Config.SetKeysAsync("anthropic", KeyOf(next));
            var committed = System.Diagnostics.Stopwatch.GetTimestamp();
            while (bench.Bridge.Snapshot!.Generation < revision)
            {
                await Task.Yield();
            }

            _applied.Add(System.Diagnostics.Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
            Volatile.Write(ref _rotation, next);
            await timer.WaitForNextTickAsync(Timeouts.After(Limit));
        }
    }

    private static async Task EditAsync(TestBench bench, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(EditInterval);
        for (var seconds = 100; !stop.IsCancellationRequested; seconds++)
        {
            await bench.Config.EditAsync("openai", idleTimeoutSeconds: seconds);
            await timer.WaitForNextTickAsync(Timeouts.After(Limit));
        }
    }

    private void AssertEveryRequestHadANewEnoughKey(TestBench bench)
    {
        var requests = bench.Upstream.Requests;
        Assert.Equal(Streams + _shortRequests, requests.Count);
        Assert.True(_rotation >= 5, $"only {_rotation} rotations");
        Assert.All(requests, request => Assert.True(
            RotationOf(request) >= int.Parse(request.Header(FloorHeader)!, CultureInfo.InvariantCulture),
            $"{request} carried rotation {RotationOf(request)} when {request.Header(FloorHeader)} was applied"));
    }

    private double Percentile(double share) => _applied.Order().ElementAt(Math.Min(_applied.Count - 1, (int)(share * _applied.Count)));

    private static async Task AssertNothingIsLeftAsync(TestBench bench, HttpClient load, int handlesBefore)
    {
        var pool = bench.Bridge.Pool;
        await Eventually.TrueAsync(() => pool.Draining.Count == 0, "old bridges close after their last stream");
        Assert.Equal(pool.Built - pool.Live.Count, pool.Closed);
        Assert.All(pool.Live, bridge => Assert.Equal(0, bridge.Leases));
        load.Dispose();
        await bench.Config.DeleteAsync("anthropic"); // its warm connections are wanted as long as it is there
        await bench.AppliedAsync();
        await bench.Upstream.WhenOpenConnectionsAsync(0);
        const int databaseConnections = 10; // pools that the load has filled
        await Eventually.TrueAsync(() => Handles() <= handlesBefore + databaseConnections, $"file handles return to {handlesBefore}, now {Handles()}");
        await Eventually.TrueAsync(
            async () => await bench.Database.ScalarAsync<long>("select count(*) from interceptions where outcome = 'completed' and status = 200") == bench.Upstream.Requests.Count,
            "every request is recorded as completed");
    }
}
