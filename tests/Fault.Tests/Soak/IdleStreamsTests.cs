using System.Globalization;
using System.Text;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Soak;

/// <summary>Very many streams at once that say nothing: what one costs, and that each comes to its end.</summary>
public sealed class IdleStreamsTests(ITestOutputHelper output)
{
    private const int AtLeast = 500;
    private const int Spare = 1000; // descriptors for all else
    private const int WarmUp = 300;
    private const int AtOnce = 64;
    private static readonly int Wanted = LongForm.IsOn ? 10_000 : 1_000;
    private static readonly IReadOnlyList<string> Frames = AnthropicMessage.Saying("Much later.").Frames();
    private static readonly string Rest = string.Concat(Frames.Skip(1));

    [Fact]
    public async Task IdleStreams_CostLittleMemory_AndAllFinishWhole()
    {
        // A stream takes two descriptors in the bridge, and two in this process, which has both the clients and the upstream. .NET raises its limit as far as it may.
        var limit = MostDescriptors();
        var count = Math.Min(Wanted, (limit - Spare) / 2);
        Assert.SkipWhen(count < AtLeast, $"A process may open {limit} descriptors here (ulimit -Hn): too few for {AtLeast} streams.");
        output.WriteLine($"{count} streams of {Wanted} wanted; a process may open {limit} descriptors");
        await using var fleet = await Fleet.StartAsync(1, records: false, settings: ("PingInterval", "00:30:00"));
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.Upstream.Respond(request => request.Header(Client.KindHeader) == "idle" ? Idle(finish.Task) : Idle(Task.CompletedTask));
        using var client = new Client(fleet);
        await WarmUpAsync(client); // so that what is measured is not the start
        var before = fleet.Replicas[0].Sample();

        var open = await OpenAsync(client, "idle", count);
        var after = fleet.Replicas[0].Sample();
        output.WriteLine($"before: {before}; with {count} idle streams: {after}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(after.Memory - before.Memory) / 1024.0 / count:0.0} KiB for each"));
        Assert.InRange(after.Descriptors - before.Descriptors, (2 * count) - 100, (2 * count) + 100);
        Assert.InRange((after.Memory - before.Memory) / count, 0, 48 * 1024); // measured: 29 KiB, with 1,000 as with 9,500

        finish.SetResult();
        await FinishAsync(open);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(count + WarmUp, "outcome = 'completed'");
    }

    private static FakeReply Idle(Task until) => FakeReply.LiveSse(async (body, cancellationToken) =>
    {
        await body.WriteAsync(Encoding.UTF8.GetBytes(Frames[0]), cancellationToken);
        await body.FlushAsync(cancellationToken);
        await until.WaitAsync(cancellationToken);
        await body.WriteAsync(Encoding.UTF8.GetBytes(Rest), cancellationToken);
    });

    private static async Task WarmUpAsync(Client client)
    {
        for (var i = 0; i < WarmUp; i++)
        {
            Assert.Equal(string.Concat(Frames), (await client.AskAsync()).Body);
        }
    }

    /// <summary>Opens streams and waits for the first event of each.</summary>
    private static async Task<HttpResponseMessage[]> OpenAsync(Client client, string kind, int count)
    {
        var replies = new HttpResponseMessage[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) =>
        {
            replies[number] = await client.OpenAsync(kind);
            Assert.Equal(Frames[0], await Client.ReadAsync(replies[number], Frames[0].Length));
        });
        return replies;
    }

    private static Task FinishAsync(HttpResponseMessage[] replies) => Parallel.ForEachAsync(replies, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (reply, _) =>
    {
        using (reply)
        {
            Assert.Equal(Rest, await Client.ReadToEndAsync(reply));
        }
    });

    private static int MostDescriptors() => int.Parse(
        File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[4],
        CultureInfo.InvariantCulture);
}
