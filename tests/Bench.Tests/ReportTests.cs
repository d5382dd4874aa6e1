using Trinity.Bench.Load;
using Trinity.Bench.Load.Cold;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Tests;

public sealed class ReportTests
{
    private const string Half = BenchResults.HalfLabel + " (500/s)";

    private readonly BenchResults _results = new();

    [Fact]
    public void Percentile_OfRounds_IsTheirMedian()
    {
        Rounds(Peer.Bridge, [1, 1], [3, 3], [900, 900, 900, 900, 900]);
        Assert.Equal(3, _results.Percentile(Peer.Bridge, BenchPlan.Small, Half, percentiles => percentiles.P99));
    }

    [Fact]
    public void Added_IsThePeersLessThatOfDirect()
    {
        Rounds(Peer.Direct, [2, 2]);
        Rounds(Peer.Bridge, [5, 5]);
        Assert.Equal(3, _results.Added(Peer.Bridge, BenchPlan.Small, Half, percentiles => percentiles.P99));
    }

    [Fact]
    public void Of_PromisesOfARunWithoutMeasures_AreNotMeasured() => Assert.All(Promises.Of(_results), promise => Assert.Equal(("–", "not measured"), (promise.Measured, promise.Verdict)));

    [Theory]
    [InlineData(0.25, "met")]
    [InlineData(0.35, "**missed**")]
    public void Of_AddedP50_IsJudged(double added, string verdict)
    {
        Rounds(Peer.Direct, [1]);
        Rounds(Peer.Bridge, [1 + added]);
        Assert.Equal(verdict, Promises.Of(_results).Single(promise => promise.Name.StartsWith($"{BenchPlan.Small.Name}, {Half}: added p50", StringComparison.Ordinal)).Verdict);
    }

    [Theory]
    [InlineData(1.05, "met")]
    [InlineData(1.2, "**missed**")]
    public void Of_P99WhileRotating_IsJudgedByTheUndisturbedOne(double ratio, string verdict)
    {
        Rounds(Peer.Bridge, [10]);
        Rounds(Peer.Rotating, [10 * ratio]);
        Assert.Equal(verdict, Promises.Of(_results).Single(promise => promise.Name.StartsWith($"{BenchPlan.Small.Name}, {Half}: p99 during", StringComparison.Ordinal)).Verdict);
    }

    [Fact]
    public void Of_WhatItIsComparedToCannotFollow_IsMissed()
    {
        _results.AddUnable(Named(Peer.Direct), BenchPlan.Small, Half);
        _results.AddUnable(Named(Peer.Bridge), BenchPlan.Small, Half);
        Rounds(Peer.Rotating, [1]);
        var promises = Promises.Of(_results).Where(promise => promise.Name.StartsWith($"{BenchPlan.Small.Name}, {Half}", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, promises.Count);
        Assert.All(promises, promise => Assert.Equal(("cannot follow", "**missed**"), (promise.Measured, promise.Verdict)));
    }

    [Fact]
    public void Added_DirectCannotFollow_IsInfinite()
    {
        _results.AddUnable(Named(Peer.Direct), BenchPlan.Small, Half);
        Rounds(Peer.Bridge, [1]);
        Assert.Equal(double.PositiveInfinity, _results.Added(Peer.Bridge, BenchPlan.Small, Half, percentiles => percentiles.P50));
    }

    [Fact]
    public void Of_ErrorsOfThePeers_OnlyOursAreJudged()
    {
        _results.Add(Named(Peer.Portkey), BenchPlan.Small, new SaturationSlice(1, 1, 1, 1, null, 7));
        Assert.Equal("met", Promises.Of(_results).Last().Verdict);
        _results.Add(Named(Peer.Rotating), BenchPlan.Small, new SaturationSlice(1, 1, 1, 1, null, 1));
        Assert.Equal("**missed**", Promises.Of(_results).Last().Verdict);
    }

    [Fact]
    public void Write_PeerThatCannotFollow_SaysSo()
    {
        Rounds(Peer.Direct, [1]);
        _results.AddUnable(Named(Peer.Portkey), BenchPlan.Small, Half);
        Assert.Contains("| Portkey | cannot follow | – |", Report(BenchSections.Half), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "No peer had an error. AiBridge dropped no record.")]
    [InlineData(3, "No peer had an error. AiBridge dropped 3 records: Postgres did not keep up.")]
    public void Write_Records_SaysWhetherAllWereWritten(long dropped, string text)
    {
        _results.RecordsDropped = dropped;
        Assert.Contains(text, Report(BenchSections.Half), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WhatTheHostKept_IsTheMedianOfTheRounds()
    {
        foreach (var percent in new[] { 3.0, 12, 40 })
        {
            _results.Add(Named(Peer.Direct), BenchPlan.Small, new SaturationSlice(1, 1, 1, 1, null, 0) { StolenPercent = percent });
        }

        Assert.Contains("| direct | 1 [1 to 1] | – | 1 | 1 | 1 | – | 12 | 0 |", Report(BenchSections.Saturated), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ColdProcesses_HaveARowPerVariantInTheirOrder()
    {
        _results.Add(Peer.Bridge, ColdVariant.JustInTime, new ColdSlice(300, [10, 20], 70, 80, 0));
        _results.Add(Peer.Bridge, ColdVariant.AsShipped, new ColdSlice(500, [1, 2], 90, 95, 0));
        Assert.Contains(
            "| as shipped | 500 [500 to 500] | 1 | 2 | 90 | 95 | 0 |\n| just-in-time compiler | 300 [300 to 300] | 10 | 20 | 70 | 80 | 0 |\n",
            Report(BenchSections.Cold),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SlicesThatTheHostDisturbed_AreCounted()
    {
        Assert.DoesNotContain("in vain", Report(BenchSections.Saturated), StringComparison.Ordinal);
        _results.SlicesDropped = 2;
        Assert.Contains("2 slices were measured in vain", Report(BenchSections.Saturated), StringComparison.Ordinal);
    }

    private string Report(BenchSections sections) => new BenchReport(_results, BenchPlan.Smoke with { Sections = sections }, [Peer.Direct, Peer.Portkey], "a machine").Write();

    private void Rounds(string peer, params double[][] rounds)
    {
        foreach (var round in rounds)
        {
            _results.Add(Named(peer), BenchPlan.Small, Half, new OpenLoopSlice([.. round.Select(last => new LoadSample(last, last, 200, 1, []))], 0, null, Followed: true));
        }
    }

    private static Peer Named(string name) => new(name, 1, _ => new Uri("http://127.0.0.1:1"), _ => new Dictionary<string, string>(StringComparer.Ordinal), () => Task.FromResult<long?>(null));
}
