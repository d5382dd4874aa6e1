using System.Globalization;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Soak;

/// <summary>Mixed traffic for a long time: nothing may pile up.</summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Clients = 20;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(LongForm.IsOn ? 60 : 5);
    private static readonly TimeSpan Soak = LongForm.IsOn ? LongForm.SoakTime : TimeSpan.FromSeconds(22);

    // A descriptor leaked in a hundred requests is a slope of 1. Over the short form the heap's own ups and downs are some KiB a request.
    private const double MostDescriptorsPerHundred = 0.5;
    private static readonly double MostBytesPerRequest = LongForm.IsOn ? 512 : 8192;

    [Fact]
    public async Task MixedTraffic_ForALongTime_LeavesNothingBehind()
    {
        await using var fleet = await Fleet.StartAsync(1, records: false);
        using var traffic = new Traffic(fleet);
        fleet.Upstream.Respond(traffic.Answer);
        using var stop = new CancellationTokenSource();
        var running = traffic.RunAsync(Clients, stop.Token);
        var operating = OperateAsync(fleet, traffic, stop.Token);

        var samples = await SampleAsync(fleet.Replicas[0], traffic);
        await stop.CancelAsync();
        await running;
        var rotations = await operating;

        var descriptors = 100 * Slope.Of([.. samples.Select(at => (at.Requests, (double)at.Sample.Descriptors))]);
        var bytes = Slope.Of([.. samples.Select(at => (at.Requests, (double)at.Sample.Memory))]);
        output.WriteLine($"{traffic.Sent} requests, {rotations} rotations; after the warm-up: {samples[0].Sample}; at the end: {samples[^1].Sample}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slopes: {descriptors:0.000} descriptors in a hundred requests, {bytes:0} bytes a request"));
        traffic.Failures.ToList().ForEach(output.WriteLine); // whole: an assertion's text is cut
        Assert.Empty(traffic.Failures);
        Assert.InRange(descriptors, double.NegativeInfinity, MostDescriptorsPerHundred);
        Assert.InRange(bytes, double.NegativeInfinity, MostBytesPerRequest);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(traffic.Sent, "virtual_key_id is not null");
    }

    private static async Task<List<(double Requests, ProcessSample Sample)>> SampleAsync(Replica replica, Traffic traffic)
    {
        var samples = new List<(double, ProcessSample)>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var second = TimeSpan.Zero; second < WarmUp + Soak; second += timer.Period)
        {
            await timer.WaitForNextTickAsync(Timeouts.Token);
            if (second >= WarmUp)
            {
                samples.Add((traffic.Sent, replica.Sample()));
            }
        }

        return samples;
    }

    /// <summary>What operators do meanwhile.</summary>
    private static async Task<int> OperateAsync(Fleet fleet, Traffic traffic, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var rotations = 0;
        for (; !stop.IsCancellationRequested; rotations++)
        {
            await fleet.RotateAsync();
            if (rotations % 5 == 0)
            {
                await traffic.UseNewKeyAsync($"soak-{rotations}");
            }

            await timer.WaitForNextTickAsync(Timeouts.Token);
        }

        return rotations;
    }
}
