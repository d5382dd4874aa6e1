using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Trinity.TestSupport;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo;

/// <summary>The agents: streams that are kept open, quick requests in between, each reply compared byte for byte with what the provider sent.</summary>
internal sealed class Traffic : IDisposable
{
    private const int Callers = 4;
    private const int MaxQuotedBytes = 300;
    private static readonly TimeSpan CallerPause = TimeSpan.FromMilliseconds(20);

    private readonly DemoOptions _options;
    private readonly string _virtualKey;
    private readonly Board _board;
    private readonly Failures _failures;
    private readonly List<HttpClient> _bridges;
    private int _streams; // numbers given to streams, by Interlocked

    public Traffic(DemoOptions options, string virtualKey, Board board, Failures failures)
    {
        _options = options;
        _virtualKey = virtualKey;
        _board = board;
        _failures = failures;
        _bridges = [.. options.Bridges.Select(LoopbackHttp.CreateClient)];
    }

    /// <summary>Replaces each stream that ends by a new one, until <paramref name="enough"/>; returns when the last has ended.</summary>
    public Task KeepStreamsOpenAsync(CancellationToken enough, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, _options.Streams).Select(async _ =>
    {
        while (!enough.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            await StreamAsync(Interlocked.Increment(ref _streams), stop);
        }
    }));

    /// <summary>Sends quick requests at a steady pace until <paramref name="enough"/>.</summary>
    public Task KeepAskingAsync(CancellationToken enough, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
    {
        for (var number = caller; !enough.IsCancellationRequested && !stop.IsCancellationRequested; number++)
        {
            await AskAsync(number, stop);
            await Task.Delay(CallerPause, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }));

    public void Dispose()
    {
        foreach (var bridge in _bridges)
        {
            bridge.Dispose();
        }
    }

    private async Task StreamAsync(int number, CancellationToken stop)
    {
        _board.StreamOpened();
        var ending = await _failures.GuardAsync($"stream {number}", () => SendAsync(number, streaming: true, StreamScript.Stream(number), stop), stop);
        _board.StreamEnded(ending);
    }

    private async Task AskAsync(int number, CancellationToken stop)
    {
        if (await _failures.GuardAsync("a request", () => SendAsync(number, streaming: false, StreamScript.Quick, stop), stop) == Ending.Whole)
        {
            _board.RequestFinished();
        }
    }

    private async Task SendAsync(int number, bool streaming, FakeReply expected, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{ControlPlane.Provider}/v1/messages") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _virtualKey) } };
        request.Headers.Add(Upstream.AppliedHeader, _board.NewestApplied.ToString(CultureInfo.InvariantCulture));
        if (streaming)
        {
            request.Headers.Add(Upstream.StreamHeader, number.ToString(CultureInfo.InvariantCulture));
        }

        request.Content = new StringContent($$"""{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":{{(streaming ? "true" : "false")}},"messages":[{"role":"user","content":"Go on."}]}""");
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var reply = await _bridges[number % _bridges.Count].SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (reply.StatusCode != HttpStatusCode.OK)
        {
            var text = await reply.Content.ReadAsStringAsync(cancellationToken);
            throw new InvalidDataException($"{(int)reply.StatusCode} {text[..Math.Min(text.Length, MaxQuotedBytes)]}");
        }

        await CompareAsync(await reply.Content.ReadAsStreamAsync(cancellationToken), expected.BodyBytes(), cancellationToken);
    }

    private static async Task CompareAsync(Stream body, byte[] expected, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var position = 0;
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (read > expected.Length - position || !buffer.AsSpan(0, read).SequenceEqual(expected.AsSpan(position, read)))
            {
                throw new InvalidDataException($"it differs from what the provider sent after byte {position}");
            }

            position += read;
        }

        if (position < expected.Length)
        {
            throw new InvalidDataException($"it ended after {position} of {expected.Length} bytes");
        }
    }
}
