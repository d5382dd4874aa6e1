using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Upstreams that go silent: there is one limit before the first byte and another in the middle of a reply.</summary>
public sealed class SilentUpstreamTests(SilentUpstreamTests.ShortLimits limits) : IClassFixture<SilentUpstreamTests.ShortLimits>
{
    private TestBench Bench => limits.Bench;

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task NeverAnswers_IsAGatewayTimeout(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.Never());

        await Bench.AssertErrorAsync(dialect, stream, 504, "upstream_timeout");
        await Bench.Upstream.Requests[^1].Aborted.WaitAsync(Timeouts.Token); // and nothing waits on
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_SilentBeforeTheFirstFrame_EndsInTheVendorsErrorEvent(string dialect)
    {
        Bench.Expect(dialect).Reply(Models.Streaming(dialect).GatedBy(new FakeGate()));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        Failures.AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), "", "upstream_idle");
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((200, "provider_error", "upstream_idle", null), (record.Status, record.Outcome, record.Error, record.FirstByteMs));
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_SilentInTheMiddle_EndsInTheVendorsErrorEvent(string dialect)
    {
        var whole = Models.Streaming(dialect);
        var sent = whole.Pieces[0].Length;
        Bench.Expect(dialect).Reply(whole.HangingAfter(sent));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        Failures.AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..sent], "upstream_idle");
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((200, "provider_error", "upstream_idle"), (record.Status, record.Outcome, record.Error));
        Assert.NotNull(record.FirstByteMs);
        await Bench.Upstream.Requests[^1].Aborted.WaitAsync(Timeouts.Token);
    }

    // The HTTP client would read on for two seconds, to use the connection again: a reply that goes on in that time must not get into another.
    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_GivenUp_AndWhichThenGoesOn_LeavesTheNextRepliesAlone(string dialect)
    {
        var gate = new FakeGate();
        Bench.Expect(dialect).Reply(Models.Streaming(dialect).GatedBy(gate));
        gate.Release(2);
        using (var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true)))
        {
            Assert.Contains("upstream_idle", await reply.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
        }

        gate.Open();
        await Bench.Upstream.Requests[^1].Completed.WaitAsync(Timeouts.Token); // whether it could say the rest or not

        for (var i = 0; i < 5; i++)
        {
            var next = Models.Streaming(dialect, $"Answer {i}.");
            Bench.Expect(dialect).Reply(next);
            using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));
            Assert.Equal(next.BodyText(), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        }
    }

    [Fact]
    public async Task Json_SilentInTheMiddle_IsCutAndTheProvidersFault()
    {
        Bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages).HangingAfter(100));

        var record = await Bench.AssertCutAsync(Models.Messages);

        Assert.Equal(("provider_error", "upstream_idle"), (record.Outcome, record.Error));
    }

    public sealed class ShortLimits : IAsyncLifetime
    {
        internal TestBench Bench { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Bench = await TestBench.StartAsync(["anthropic", "openai"], ["AiBridge:FirstByteTimeout=00:00:01", "AiBridge:IdleTimeout=00:00:00.7"]);

        public ValueTask DisposeAsync() => Bench.DisposeAsync();
    }
}
