using System.Collections.Concurrent;
using System.Diagnostics;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Saturation;
using Trinity.Bench.Load.Upstream;

namespace Trinity.Bench.Tests;

public sealed class MeasuringTests
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.5, 25)]
    [InlineData(0.75, 32.5)]
    [InlineData(1, 40)]
    public void Percentile_BetweenValues_IsInterpolated(double share, double expected) => Assert.Equal(expected, Spread.Percentile([10, 20, 30, 40], share));

    [Fact]
    public void Of_Values_AreMedianAndExtremes() => Assert.Equal(new Spread(2, 1, 9), Spread.Of([9, 1, 2]));

    [Fact]
    public void Of_SomeNoNumbers_LeavesThemOut() => Assert.Equal(new Spread(3, 2, 4), Spread.Of([double.NaN, 4, 2]));

    [Fact]
    public void Of_NoValues_IsNoNumber() => Assert.True(double.IsNaN(Spread.Of([]).Median));

    [Fact]
    public void Of_ThisProcess_HasUsedTimeAndMemory()
    {
        var sample = ProcessSample.Of(Environment.ProcessId);
        Assert.True(sample.Cpu > TimeSpan.Zero);
        Assert.InRange(sample.ResidentBytes, 10_000_000, 4_000_000_000);
    }

    [Fact]
    public void PercentSince_TheHostKeptSome_IsTheShareOfTheProcessorThatLostMost()
    {
        var earlier = StolenTime.Parse(["cpu  200 0 100 1600 0 0 0 100 9 9", "cpu0 100 0 50 800 0 0 0 50 9 9", "cpu1 100 0 50 800 0 0 0 50 9 9", "intr 1 2"]);
        var later = StolenTime.Parse(["cpu  230 10 110 1740 5 5 10 110 99 99", "cpu0 100 0 50 920 0 0 0 50 9 9", "cpu1 130 10 60 820 5 5 10 60 99 99", "intr 3 4"]);
        Assert.Equal(10, later.PercentSince(earlier));
        Assert.Equal(0, later.PercentSince(later));
    }

    [Fact]
    public void Now_OfThisMachine_IsReadOffTheKernel() => Assert.Contains(StolenTime.Now().Processors, processor => processor.All > 0);

    [Fact]
    public void Due_InTheLeadIn_ComesFasterAndFasterAndIsNotCounted()
    {
        var schedule = new Schedule(perSecond: 100, leadIn: TimeSpan.FromSeconds(2), slice: TimeSpan.FromSeconds(1));
        Assert.Equal(200, schedule.Count);
        Assert.Equal([0, 1, Math.Sqrt(0.5) * 2], new[] { 0, 25, 50 }.Select(request => schedule.Due(request).TotalSeconds), (expected, actual) => Math.Abs(expected - actual) < 1e-6);
        Assert.Equal((false, true), (schedule.Counts(99), schedule.Counts(100)));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2.5)), (schedule.Due(100), schedule.Due(150)));
    }

    [Fact]
    public void Due_WithoutALeadIn_IsEvenFromTheStart()
    {
        var schedule = new Schedule(perSecond: 0.5, leadIn: TimeSpan.Zero, slice: TimeSpan.FromSeconds(1));
        Assert.Equal((1, true, TimeSpan.Zero), (schedule.Count, schedule.Counts(0), schedule.Due(0)));
    }

    [Fact]
    public async Task DelayAsync_ShorterOneAddedLater_EndsFirstAndNeitherEarly()
    {
        using var timer = new PreciseTimer();
        var began = Stopwatch.GetTimestamp();
        var ended = new ConcurrentQueue<double>();

        await Task.WhenAll(new[] { 300, 5 }.Select(async milliseconds =>
        {
            await timer.DelayAsync(TimeSpan.FromMilliseconds(milliseconds));
            Assert.True(Stopwatch.GetElapsedTime(began).TotalMilliseconds >= milliseconds);
            ended.Enqueue(milliseconds);
        })).WaitAsync(Timeouts.Token);

        Assert.Equal([5, 300], ended);
        await timer.DelayAsync(TimeSpan.FromMilliseconds(1)).WaitAsync(Timeouts.Token); // after it had nothing to do
    }

    [Fact]
    public async Task ResetPeak_AfterMemoryWasGivenBack_ForgetsIt()
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "x=$(head -c 30000000 /dev/zero | tr '\\0' x); x=; echo; read -r line"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.True(ProcessSample.Of(process.Id).PeakBytes > 30_000_000);

        ProcessSample.ResetPeak(process.Id);

        var sample = ProcessSample.Of(process.Id);
        Assert.InRange(sample.PeakBytes, sample.ResidentBytes, 30_000_000);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Of_Samples_CountsFromWhenTheyWereDue()
    {
        var samples = Enumerable.Range(1, 100).Select(number => new LoadSample(number / 2d, number, 200, 5, [1, 3])).ToList();
        var percentiles = LatencyPercentiles.Of(samples);
        Assert.Equal((50.5, 25.25, 3), (percentiles.P50, percentiles.FirstP50, percentiles.GapP99));
        Assert.True(double.IsNaN(LatencyPercentiles.Of([]).P50));
    }

    [Fact]
    public void Parse_WhatWrkPrints_IsRateCountAndErrors()
    {
        const string Output = """
            Running 2s test @ http://127.0.0.1:1/
              1 threads and 32 connections
              4242 requests in 2.00s, 1.10MB read
              Socket errors: connect 1, read 2, write 3, timeout 4
              Non-2xx or 3xx responses: 90
            Requests/sec:   2121.50
            Transfer/sec:    563.00KB
            """;
        Assert.Equal(new WrkOutput(2121.5, 4242, 100), WrkOutput.Parse(Output));
        Assert.Equal(0, WrkOutput.Parse("10 requests in 1s\nRequests/sec: 10").Errors);
        Assert.Throws<FormatException>(() => WrkOutput.Parse("unable to connect to 127.0.0.1:1 Connection refused"));
    }
}
