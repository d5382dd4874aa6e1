using System.Collections.Concurrent;
using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Soak;

/// <summary>Clients that do in turn all that clients and upstreams do to each other, and notes of what did not end as it must.</summary>
/// <remarks>Every client counts and notes; the upstream ends a wait of <c>_arrivals</c> under the id that the request has. Both are concurrent.</remarks>
internal sealed class Traffic(Fleet fleet) : IDisposable
{
    private static readonly AnthropicMessage Message = AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(0, 20).Select(word => $"word-{word}")));
    private static readonly FakeReply Paced = Message.Streaming().PacedBy(TimeSpan.FromMilliseconds(10));
    private static readonly FakeReply Broken = Message.Streaming().ResetAfter(700);
    private static readonly FakeReply Refusal = AnthropicError.Reply(400, "invalid_request_error", "No.");
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Client _client = new(fleet);
    private readonly EndlessStream _endless = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _arrivals = new(StringComparer.Ordinal);
    private int _sent;

    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>Requests with a valid virtual key that have ended.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>What the upstream answers.</summary>
    public FakeReply Answer(FakeRequest request)
    {
        var kind = request.Header(Client.KindHeader) ?? "";
        if (_arrivals.TryGetValue(kind, out var arrival))
        {
            arrival.TrySetResult();
            return FakeReply.Never();
        }

        return kind switch
        {
            "stream" => Paced,
            "endless" => _endless.Dribbling(TimeSpan.FromMilliseconds(20)),
            "flood" => _endless.Flooding(),
            "refused" => Refusal,
            "overloaded" => AnthropicError.Overloaded(),
            "reset" => FakeReply.ResetBeforeHead(),
            "broken" => Broken,
            _ => Message.Blocking(),
        };
    }

    /// <summary>Runs so many clients until stopped; every request they began is finished.</summary>
    public Task RunAsync(int clients, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, clients).Select(number => RunClientAsync(number, stop)));

    /// <summary>A virtual key that is made, used, and revoked.</summary>
    public async Task UseNewKeyAsync(string name)
    {
        var made = await fleet.ControlPlane.PostAsync("/api/v1/virtual-keys?wait=applied", new { name });
        var key = made.GetProperty("key").GetString();
        await ExpectAsync("", HttpStatusCode.OK, Message.BlockingJson(), key, about: $"{name}, applied: {made.GetProperty("applied")}");
        Interlocked.Increment(ref _sent);
        var (revoked, text, _) = await fleet.ControlPlane.SendAsync(HttpMethod.Delete, $"/api/v1/virtual-keys/{name}?wait=applied");
        Assert.True(revoked is HttpStatusCode.OK or HttpStatusCode.NoContent, text);
        await ExpectAsync("", HttpStatusCode.Unauthorized, body: null, key); // recorded without a virtual key, if at all
    }

    public void Dispose() => _client.Dispose();

    private async Task RunClientAsync(int number, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        for (var turn = number; !stop.IsCancellationRequested; turn++)
        {
            try
            {
                await TakeTurnAsync(turn % 10, $"silent {number} {turn}");
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
            {
                Failures.Enqueue($"turn {turn % 10}: {exception}");
            }

            Interlocked.Increment(ref _sent);
            await pace.WaitForNextTickAsync(Timeouts.Token);
        }
    }

    private Task TakeTurnAsync(int turn, string id) => turn switch
    {
        0 or 1 => ExpectAsync("stream", HttpStatusCode.OK, Paced.BodyText()),
        2 => LeaveAsync("endless"),
        3 => LeaveBeforeTheHeadAsync(id),
        4 => ExpectAsync("refused", HttpStatusCode.BadRequest, Refusal.BodyText()),
        5 => ExpectAsync("overloaded", (HttpStatusCode)529, AnthropicError.Overloaded().BodyText()),
        6 => ExpectAsync("reset", HttpStatusCode.BadGateway, body: null),
        7 => ExpectAsync("broken", HttpStatusCode.OK, body: null, mustContain: "event: error"),
        8 => LeaveAsync("flood"),
        _ => ExpectAsync("", HttpStatusCode.OK, Message.BlockingJson()),
    };

    private async Task ExpectAsync(string kind, HttpStatusCode status, string? body, string? key = null, string mustContain = "", string about = "")
    {
        var reply = await _client.AskAsync(kind, key);
        if (reply.Status != status || (body is not null && reply.Body != body) || !reply.Body.Contains(mustContain, StringComparison.Ordinal))
        {
            Failures.Enqueue($"\"{kind}\": {(int)reply.Status} {reply.Body} {about}");
        }
    }

    /// <summary>Leaves in the middle of a stream.</summary>
    private async Task LeaveAsync(string kind)
    {
        using var reply = await _client.OpenAsync(kind);
        await Client.ReadAsync(reply, 700);
    }

    /// <summary>Leaves when the upstream has the request and has said nothing.</summary>
    private async Task LeaveBeforeTheHeadAsync(string id)
    {
        var arrival = _arrivals[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var leaves = new CancellationTokenSource();
        var asked = _client.OpenAsync(id, cancellationToken: leaves.Token);
        await await Task.WhenAny(asked, arrival.Task.WaitAsync(Timeouts.Token));
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        _arrivals.TryRemove(id, out _);
    }
}
