using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Tests;

public sealed class QuietSlicesTests
{
    private readonly QuietSlices _quiet = new(tries: 3, TextWriter.Null);

    [Fact]
    public async Task MeasureAsync_UpToTheLimit_IsMeasuredOnce()
    {
        var (slice, measured) = await MeasureAsync((QuietSlices.MostStolenPercent, 100));

        Assert.Equal((100, 1, 0), (slice.RequestsPerSecond, measured, _quiet.Dropped));
    }

    [Fact]
    public async Task MeasureAsync_Disturbed_IsMeasuredAgainUntilOneIsQuiet()
    {
        var (slice, measured) = await MeasureAsync((30, 100), (2, 200), (1, 300));

        Assert.Equal((200, 2, 1), (slice.RequestsPerSecond, measured, _quiet.Dropped));
    }

    [Fact]
    public async Task MeasureAsync_NeverQuiet_TheQuietestCounts()
    {
        var (slice, measured) = await MeasureAsync((30, 100), (12, 200), (20, 300), (0, 400));

        Assert.Equal((200, 3, 2), (slice.RequestsPerSecond, measured, _quiet.Dropped));
        Assert.Equal(12, slice.StolenPercent);
    }

    [Fact]
    public async Task MeasureAsync_ErrorsAndPeaksOfAllTries_Count()
    {
        var (slice, _) = await MeasureAsync((30, 100), (12, 200), (20, 300));

        Assert.Equal((6, 300), (slice.Errors, slice.PeakMegabytes)); // 1 + 2 + 3
    }

    [Fact]
    public async Task MeasureAsync_QuieterButBrokenOff_DoesNotCount()
    {
        var tries = new Queue<OpenLoopSlice>([Slice(30, followed: true), Slice(12, followed: false), Slice(20, followed: true)]);

        var slice = await _quiet.MeasureAsync(() => Task.FromResult(tries.Dequeue()));

        Assert.Equal((20, true), (slice.StolenPercent, slice.Followed));

        static OpenLoopSlice Slice(double stolen, bool followed) => new([], 0, null, followed) { StolenPercent = stolen };
    }

    [Fact]
    public void InsteadOf_AtAFixedRate_ErrorsAndPeaksAreKept()
    {
        var dropped = new OpenLoopSlice([], 2, "status 502", Followed: false) { PeakMegabytes = 90, StolenPercent = 40 };

        var slice = new OpenLoopSlice([], 0, null, Followed: true) { PeakMegabytes = 80, StolenPercent = 1 }.InsteadOf(dropped);

        Assert.Equal((2, "status 502", true), (slice.Errors, slice.FirstError, slice.Followed));
        Assert.Equal((90, 1), (slice.PeakMegabytes, slice.StolenPercent));
    }

    private async Task<(SaturationSlice Slice, int Measured)> MeasureAsync(params (double Stolen, double Rate)[] tries)
    {
        var measured = 0;
        var slice = await _quiet.MeasureAsync(() =>
        {
            var (stolen, rate) = tries[measured++];
            return Task.FromResult(new SaturationSlice(rate, 0, 0, PeakMegabytes: rate, null, Errors: measured) { StolenPercent = stolen });
        });
        return (slice, measured);
    }
}
