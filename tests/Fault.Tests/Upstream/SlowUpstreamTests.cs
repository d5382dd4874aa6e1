using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Upstream;

/// <summary>The upstream takes its time, or never comes to an end.</summary>
public sealed class SlowUpstreamTests
{
    private const int EachKind = 10;
    private static readonly AnthropicMessage Message = AnthropicMessage.Saying("One two three four.");
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task SlowAndEndlessReplies_DisturbNobody_AndEndWithTheirClients()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var (heads, chunks, endless) = (new FakeGate(), new FakeGate(), new EndlessStream());
        fleet.Upstream.Respond(request => request.Header(Client.KindHeader) switch
        {
            "late head" => Message.Blocking().HeldBy(heads),
            "late chunks" => Message.Streaming().GatedBy(chunks),
            "endless" => endless.Dribbling(Pause),
            _ => Message.Blocking(),
        });
        using var client = new Client(fleet);
        var lateHeads = Start(() => client.AskAsync("late head"));
        var lateChunks = Start(() => client.AskAsync("late chunks"));
        var open = await Task.WhenAll(Start(() => client.OpenAsync("endless")));
        chunks.Release(3 * EachKind); // the first events of each, perhaps more of some
        await chunks.WhenWrittenAsync(3 * EachKind);
        await Eventually.TrueAsync(() => heads.Arrived == EachKind, "the late heads are waited for");

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal((HttpStatusCode.OK, Message.BlockingJson()), await client.AskAsync());
        }

        Assert.DoesNotContain(lateHeads, reply => reply.IsCompleted);
        heads.Open();
        chunks.Open();
        Assert.All(await Task.WhenAll(lateHeads), reply => Assert.Equal((HttpStatusCode.OK, Message.BlockingJson()), reply));
        Assert.All(await Task.WhenAll(lateChunks), reply => Assert.Equal((HttpStatusCode.OK, Message.Streaming().BodyText()), reply));
        var unended = fleet.Upstream.Requests.Where(request => request.Header(Client.KindHeader) == "endless").ToList();
        Assert.Equal((EachKind, 0), (unended.Count, unended.Count(request => request.Completed.IsCompleted)));

        Array.ForEach(open, reply => reply.Dispose());
        await Task.WhenAll(unended.Select(request => request.Aborted)).WaitAsync(Timeouts.Token);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(EachKind, "outcome = 'client_abort'");
        await fleet.WhenRecordedAsync(200 + (2 * EachKind), "outcome = 'completed'");
    }

    [Fact]
    public async Task EndlessStream_OutlivesEveryLimitButTheDrainDeadline()
    {
        await using var fleet = await Fleet.StartAsync(1, settings: [("FirstByteTimeout", "00:00:01"), ("IdleTimeout", "00:00:01"), ("DrainDeadline", "00:00:02")]);
        var endless = new EndlessStream();
        fleet.Upstream.Respond(request => request.Key == Fleet.FirstKey ? endless.Dribbling(Pause) : Message.Blocking());
        using var client = new Client(fleet);
        using var reply = await client.OpenAsync();
        await Eventually.TrueAsync(() => endless.Written > 2500, "it has run for more than two limits"); // an event has more than 100 bytes

        await fleet.RotateAsync();

        Assert.Equal((HttpStatusCode.OK, Message.BlockingJson()), await client.AskAsync());
        var end = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        Assert.Contains("event: error", end, StringComparison.Ordinal);
        Assert.Contains("drain deadline", end, StringComparison.Ordinal);
        await fleet.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(1, "outcome = 'bridge_error' and error = 'drain_deadline'");
    }

    [Fact]
    public async Task Stream_WhoseBytesVanishHalfway_EndsWithTheVendorsError()
    {
        TcpFaultProxy? wire = null;
        await using var fleet = await Fleet.StartAsync(1, upstreamPort: port => (wire = new TcpFaultProxy(port)).Port, settings: ("IdleTimeout", "00:00:01"));
        await using var owned = wire!;
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => Message.Streaming().GatedBy(gate));
        gate.Release(2);
        using var client = new Client(fleet);
        using var reply = await client.OpenAsync();
        await Client.ReadAsync(reply, Message.Frames()[0].Length + Message.Frames()[1].Length);

        wire!.Fault = TcpFault.Blackhole;
        gate.Open();

        var end = await Client.ReadToEndAsync(reply);
        Assert.StartsWith("event: error", end, StringComparison.Ordinal);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(1, "outcome = 'provider_error' and error = 'upstream_idle'");
    }

    private static T[] Start<T>(Func<T> start) => [.. Enumerable.Range(0, EachKind).Select(_ => start())];
}
