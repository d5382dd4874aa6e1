using System.Collections.Concurrent;
using System.Net;

namespace Trinity.Fault.Tests.Support;

/// <summary>Clients that ask in turn for a JSON reply and for a stream of some seconds, each until it is told to stop, and notes of what failed.</summary>
internal sealed class Load(Fleet fleet, TimeSpan streamTime)
{
    private const string StreamHeader = "X-Test-Stream";
    private static readonly AnthropicMessage Message = AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(0, 20).Select(word => $"word-{word}")));
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private int _done;

    public ConcurrentQueue<string> Failures { get; } = [];

    public int Done => Volatile.Read(ref _done);

    /// <summary>What the upstream answers.</summary>
    public FakeReply Answer(FakeRequest request)
    {
        if (request.Header(StreamHeader) is null)
        {
            return Message.Blocking();
        }

        var reply = Message.Streaming();
        return reply.PacedBy(streamTime / reply.Pieces.Count);
    }

    /// <summary>Runs so many clients against the addresses in turn until stopped; every request they began is finished.</summary>
    public async Task RunAsync(int clients, IReadOnlyList<string> addresses, CancellationToken stop)
    {
        using var client = LoopbackHttp.CreateClient();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(number => CallAsync(client, addresses[number % addresses.Count], isStream: number % 2 == 0, stop)));
    }

    private async Task CallAsync(HttpClient client, string address, bool isStream, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (; !stop.IsCancellationRequested; isStream = !isStream)
        {
            await AskAsync(client, address, isStream);
            Interlocked.Increment(ref _done);
            await pace.WaitForNextTickAsync(Timeouts.After(Limit));
        }
    }

    private async Task AskAsync(HttpClient client, string address, bool isStream)
    {
        using var request = fleet.Request(address);
        if (isStream)
        {
            request.Headers.Add(StreamHeader, "1");
        }

        try
        {
            using var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.After(Limit));
            var body = await reply.Content.ReadAsStringAsync(Timeouts.After(Limit));
            var expected = (isStream ? Message.Streaming() : Message.Blocking()).BodyText();
            if (reply.StatusCode != HttpStatusCode.OK || body != expected)
            {
                Failures.Enqueue($"{(isStream ? "stream" : "json")}: {(int)reply.StatusCode} {body}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            Failures.Enqueue($"{(isStream ? "stream" : "json")}: {exception.Message}");
        }
    }
}
