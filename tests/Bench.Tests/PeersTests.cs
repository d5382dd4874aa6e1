using System.Text.Json;
using Trinity.Bench.Load;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Upstream;

namespace Trinity.Bench.Tests;

public sealed class PeersTests
{
    [Theory]
    [InlineData("messages", "json", 300)]
    [InlineData("chat", "sse", 10_000)]
    [InlineData("responses", "paced", 200_000)]
    public void Body_IsJsonOfTheWantedLength(string api, string reply, int bytes)
    {
        var workload = new Workload(api, reply, bytes);
        Assert.Equal(bytes, workload.Body().Length);
        using var json = JsonDocument.Parse(workload.Body());
        Assert.Equal(reply != "json", json.RootElement.GetProperty("stream").GetBoolean());
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/responses")]
    public void For_Stream_HasTheChunksThatThePacedWorkloadPromises(string path)
    {
        var reply = CannedReply.For(path, stream: true);
        Assert.Equal(CannedReply.Chunks, reply.Parts.Count(part => part.AsSpan().IndexOf("The quick brown fox"u8) >= 0 && part.AsSpan().IndexOf("completed"u8) < 0));
        Assert.Equal("application/json", CannedReply.For(path, stream: false).ContentType);
    }

    [Fact]
    public void Parse_WhatTheScriptPasses_IsWhereEverythingRuns()
    {
        var token = Path.GetTempFileName();
        File.WriteAllText(token, "secret\n");
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["upstream"] = "http://127.0.0.1:1,11",
            ["forwarder"] = "http://127.0.0.1:2,12",
            ["bridge"] = "http://127.0.0.1:3,13",
            ["control"] = "http://127.0.0.1:4",
            ["token-file"] = token,
            ["pinned"] = "",
        };

        var places = BenchPlaces.Parse(arguments);

        File.Delete(token);
        Assert.Equal(new Place(new Uri("http://127.0.0.1:3"), 13), places.Bridge);
        Assert.Equal(("secret", (0, 1)), (places.OperatorToken, places.Cores));
        Assert.Null(places.Nginx);
    }

    [Fact]
    public void Parse_CountersOfTheBridge_AddsTheSeriesOfOneName()
    {
        const string Metrics = "# TYPE trinity_records_dropped_total counter\ntrinity_records_dropped_total{a=\"x\"} 2\ntrinity_records_dropped_total 3\ntrinity_records_dropped_total_other 9\n";
        Assert.Equal(5, BridgeCounters.Parse(Metrics, BridgeCounters.RecordsDropped));
        Assert.Null(BridgeCounters.Parse(Metrics, BridgeCounters.AllocatedBytes));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("nowhere,7")]
    [InlineData("http://127.0.0.1:1,many")]
    public void Parse_MalformedServer_SaysWhich(string value) =>
        Assert.Contains("--upstream", Assert.Throws<FormatException>(() => BenchPlaces.Parse(new Dictionary<string, string>(StringComparer.Ordinal) { ["upstream"] = value })).Message, StringComparison.Ordinal);
}
