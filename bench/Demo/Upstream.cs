using System.Globalization;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo;

/// <summary>The provider's side: answers, and checks on its own account that no request comes on a key that it must not come on.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    /// <summary>Which stream to answer; absent on quick requests.</summary>
    public const string StreamHeader = "X-Demo-Stream";

    /// <summary>The newest key that was known to be applied when the client sent the request.</summary>
    public const string AppliedHeader = "X-Demo-Applied";

    private readonly FakeProvider _provider;
    private readonly DemoOptions _options;
    private readonly Board _board;
    private readonly Failures _failures;

    private Upstream(FakeProvider provider, DemoOptions options, Board board, Failures failures)
    {
        _provider = provider;
        _options = options;
        _board = board;
        _failures = failures;
    }

    public string BaseUrl => _provider.BaseUrl;

    public DemoKeys Keys { get; } = new();

    public static async Task<Upstream> StartAsync(DemoOptions options, Board board, Failures failures)
    {
        var provider = await FakeProvider.StartAsync(new FakeProviderOptions { RecordsRequests = false, VerifiesOnDispose = false });
        var upstream = new Upstream(provider, options, board, failures);
        provider.Respond(upstream.Answer);
        return upstream;
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private FakeReply Answer(FakeRequest request)
    {
        if (Keys.Find(request.Key) is not { } key)
        {
            _failures.Add($"the provider got {request} with a key that it does not know");
            return FakeReply.Unauthorized();
        }

        _board.Arrived(key.Number);
        if (key.IsDeclaredUnused)
        {
            _failures.Add($"the provider got {request} with {key} after that was called safe to revoke");
        }

        if (Number(request, AppliedHeader) is var applied && !(applied <= key.Number))
        {
            _failures.Add($"the provider got {request} with {key}, sent after key {applied} was applied everywhere");
        }

        return Number(request, StreamHeader) is { } stream ? Slow(stream, key) : StreamScript.Quick;
    }

    private FakeReply Slow(int stream, DemoKey key)
    {
        var reply = StreamScript.Stream(stream);
        var gate = new FakeGate();
        gate.Open();
        key.Carries(gate, reply.Pieces.Count);
        return reply.GatedBy(gate).PacedBy(StreamScript.TimeOf(stream, _options.StreamTime) / reply.Pieces.Count);
    }

    private static int? Number(FakeRequest request, string header) =>
        int.TryParse(request.Header(header), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
