using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Bridges;

/// <summary>A streamed reply under way, which stands still until the test lets it go on.</summary>
internal sealed class GatedStream(FakeGate gate, HttpResponseMessage reply, string expected) : IDisposable
{
    public const string Path = "/anthropic/v1/messages";
    public const string Request = """{"model":"claude-sonnet-4-5","messages":[]}""";

    private const string Text = "A long answer that takes its time and must arrive whole, whatever happens to the configuration meanwhile.";

    public HttpResponseMessage Reply => reply;

    /// <summary>What the provider sends in all.</summary>
    public string Expected => expected;

    /// <summary>Starts one on the provider "anthropic", which must be called with this key.</summary>
    public static async Task<GatedStream> StartAsync(TestBench bench, string key, HttpClient? client = null, FakeProvider? upstream = null, string path = Path)
    {
        var gate = new FakeGate();
        var message = AnthropicMessage.Saying(Text).Streaming();
        (upstream ?? bench.Upstream).Expect("POST", "/v1/messages").WithKey(key).Reply(message.GatedBy(gate));
        gate.Release(2);
        var reply = await (client ?? bench.Client).SendAsync(bench.Post(path, Request), HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        await gate.WhenWrittenAsync(2);
        return new GatedStream(gate, reply, message.BodyText());
    }

    /// <summary>Lets the provider finish and returns all that arrived.</summary>
    public Task<string> FinishAsync()
    {
        gate.Open();
        return ReadAsync();
    }

    /// <summary>All that arrives although the provider stands still.</summary>
    public Task<string> ReadAsync() => reply.Content.ReadAsStringAsync(Timeouts.Token);

    public void Dispose() => reply.Dispose();
}
