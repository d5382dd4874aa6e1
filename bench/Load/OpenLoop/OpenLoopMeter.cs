using System.Diagnostics;
using System.Globalization;
using System.Text;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Upstream;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>Sends requests at a fixed rate, whether or not earlier ones are answered, as many clients would: a peer that lags behind shows in the times.</summary>
internal static class OpenLoopMeter
{
    public static async Task<OpenLoopSlice> MeasureAsync(Peer peer, Workload workload, Schedule schedule, CancellationToken cancellationToken)
    {
        var address = peer.Address(workload);
        using var exchanges = await Exchanges.OpenAsync(address, Request(peer, workload, address), CannedReply.For(workload.Path, workload.Streaming).Whole.Length, cancellationToken);
        using var pause = new CollectorPause();
        ProcessSample.ResetPeak(peer.ProcessId);
        var stolen = StolenTime.Now();
        await Task.WhenAll(await DispatchAsync(exchanges, schedule, cancellationToken));
        var after = ProcessSample.Of(peer.ProcessId);
        return new OpenLoopSlice(exchanges.Samples, exchanges.Errors, exchanges.FirstError, exchanges.Followed)
        {
            ResidentMegabytes = after.ResidentBytes / 1e6,
            PeakMegabytes = after.PeakBytes / 1e6,
            StolenPercent = StolenTime.Now().PercentSince(stolen),
        };
    }

    // On a thread of its own: on one of the pool's it would keep the replies from being read on time.
    private static Task<List<Task>> DispatchAsync(Exchanges exchanges, Schedule schedule, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<List<Task>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            var running = new List<Task>(schedule.Count);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < schedule.Count && exchanges.Followed && !cancellationToken.IsCancellationRequested; i++)
            {
                var due = start + (long)(schedule.Due(i).TotalSeconds * Stopwatch.Frequency);
                PreciseWait.Until(due);
                running.Add(exchanges.SendAsync(new DueRequest(due, schedule.Counts(i)), cancellationToken));
            }

            done.SetResult(running);
        });
        thread.Start();
        return done.Task;
    }

    private static byte[] Request(Peer peer, Workload workload, Uri address)
    {
        var body = Encoding.UTF8.GetBytes(workload.Body());
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"POST {address.PathAndQuery} HTTP/1.1\r\nhost: {address.Authority}\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n");
        foreach (var (name, value) in peer.Headers(workload))
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }
}
