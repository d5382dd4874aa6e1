using System.Diagnostics;
using System.Globalization;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load;

/// <summary>The operator's side of a run: sets the providers up, and rotates a provider's key every second while asked to.</summary>
internal sealed class Rotation(HttpClient http, BenchPlaces places)
{
    private const int WarmUpRotations = 120; // what runs once in each is compiled anew after its 30th and its 60th time: till then a rotation costs the bridge 25 ms of processor time, later 4

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly List<double> _appliedMilliseconds = [];
    private int _keys;

    /// <summary>How long each rotation took until every replica had applied it, as the operator saw it.</summary>
    public IReadOnlyList<double> AppliedMilliseconds => _appliedMilliseconds;

    /// <summary>Makes the providers of all workloads and a virtual key; returns the latter.</summary>
    public async Task<string> SetUpAsync()
    {
        foreach (var (type, suffix) in new[] { ("anthropic", ""), ("openai", "/v1") })
        {
            foreach (var reply in new[] { "json", "sse", "paced" })
            {
                await PostAsync("/api/v1/providers?wait=applied", new { name = $"{type}-{reply}", type, base_url = new Uri(places.Upstream.Url, $"/{reply}{suffix}"), api_keys = new[] { NextKey() } });
            }
        }

        using var reply2 = await PostAsync("/api/v1/virtual-keys?wait=applied", new { name = "bench" });
        return (await reply2.Content.ReadFromJsonAsync<Dictionary<string, System.Text.Json.JsonElement>>())!["key"].GetString()!;
    }

    /// <summary>The operator's side is JIT-compiled too, and shares its core with the load.</summary>
    public async Task WarmUpAsync(Workload workload)
    {
        for (var number = 0; number < WarmUpRotations; number++)
        {
            using var reply = await RotateAsync(workload.Provider);
        }
    }

    /// <summary>Runs <paramref name="work"/>, for the rotating peer while the key of the workload's provider is rotated once a second.</summary>
    public async Task<T> DuringAsync<T>(Peer peer, Workload workload, Func<Task<T>> work)
    {
        if (peer.Name != Peer.Rotating)
        {
            return await work();
        }

        using var end = new CancellationTokenSource();
        var rotating = RotateUntilAsync(workload.Provider, end.Token);
        try
        {
            return await work();
        }
        finally
        {
            await end.CancelAsync();
            await rotating;
        }
    }

    private async Task RotateUntilAsync(string provider, CancellationToken end)
    {
        using var timer = new PeriodicTimer(Every);
        while (!end.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            using (await RotateAsync(provider))
            {
                _appliedMilliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            await ((Task)timer.WaitForNextTickAsync(end).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<HttpResponseMessage> RotateAsync(string provider) => PostAsync($"/api/v1/providers/{provider}/rotate?wait=applied", new { api_key = NextKey() });

    private string NextKey() => string.Create(CultureInfo.InvariantCulture, $"sk-bench-{++_keys}");

    private async Task<HttpResponseMessage> PostAsync(string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(places.Control, path)) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", places.OperatorToken);
        var reply = await http.SendAsync(request);
        return reply.IsSuccessStatusCode ? reply : throw new InvalidOperationException($"{path}: {(int)reply.StatusCode} {await reply.Content.ReadAsStringAsync()}");
    }
}
