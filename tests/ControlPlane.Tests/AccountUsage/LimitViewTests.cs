using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AccountUsage.Views;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage;

public sealed class LimitViewTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact] // G-9: five hours free, the week used up
    public void BindingLimit_ComesFirst_HoweverTheProviderOrdersThem()
    {
        var limits = Views(Window(PlanWindows.FiveHour, 0.0, 300), Window(PlanWindows.SevenDay, 1.0, 3000));

        Assert.Equal([PlanWindows.SevenDay, PlanWindows.FiveHour], limits.Select(limit => limit.Name));
        Assert.Equal((100.0, 0.0, true), (limits[0].UsedPercent!.Value, limits[0].RemainingPercent!.Value, limits[0].Refuses));
    }

    [Fact]
    public void Refusing_OfSeveral_TheOneThatDoesSoLongest_ComesFirst()
    {
        var limits = Views(Window(PlanWindows.FiveHour, 1.0, 30), Window(PlanWindows.SevenDay, 1.02, 3000), Window(PlanWindows.SevenDayOpus, 0.99, 3000));

        Assert.Equal([PlanWindows.SevenDay, PlanWindows.FiveHour, PlanWindows.SevenDayOpus], limits.Select(limit => limit.Name));
    }

    [Fact] // a rate of minutes stops nobody for long
    public void Rates_ComeLast()
    {
        var limits = Views(Window(PlanWindows.Requests, 0.95, 1), Window(PlanWindows.FiveHour, 0.1, 60));

        Assert.Equal([PlanWindows.FiveHour, PlanWindows.Requests], limits.Select(limit => limit.Name));
    }

    [Fact] // what will be full first binds, though another is fuller
    public void FillingFaster_BindsBeforeFuller()
    {
        var history = Entry(minutesAgo: 30, Window(PlanWindows.FiveHour, 0.25, 240), Window(PlanWindows.SevenDay, 0.5, 4000));

        var limits = Views([history], Window(PlanWindows.FiveHour, 0.5, 240), Window(PlanWindows.SevenDay, 0.625, 4000));

        Assert.Equal(PlanWindows.FiveHour, limits[0].Name);
        Assert.Equal((50.0, Now.AddMinutes(60)), (limits[0].PercentPerHour!.Value, limits[0].FullAt!.Value));
        Assert.Equal((25.0, Now.AddMinutes(90)), (limits[1].PercentPerHour!.Value, limits[1].FullAt!.Value));
    }

    [Fact]
    public void NotSaid_IsNull_NeverZeroOrHundred()
    {
        var limit = Assert.Single(Views(Window(PlanWindows.FiveHour, null, 60)));

        Assert.Equal((null, null, null, null), (limit.UsedPercent, limit.RemainingPercent, limit.PercentPerHour, limit.FullAt));
    }

    [Fact] // it may be empty by now, and it may not
    public void BegunAnewSince_IsUnknown_AndRefusesNoMore()
    {
        var limit = Assert.Single(Views(Window(PlanWindows.FiveHour, 1.0, -1) with { Status = "rejected" }));

        Assert.Equal((null, null, false, null), (limit.UsedPercent, limit.RemainingPercent, limit.Refuses, limit.ResetsAt));
    }

    [Fact] // SB-15: the week's only grows, the five hours' moves on
    public void OldFigures_OfAWeekAreALowerBound_OfHoursNothing()
    {
        var known = Known(Window(PlanWindows.FiveHour, 0.5, 60), Window(PlanWindows.SevenDay, 0.7, 3000)) with { ObservedAt = Now.AddMinutes(-31) };

        var limits = LimitView.Of(known, [], Now).ToDictionary(limit => limit.Name, limit => limit.UsedPercent);

        Assert.Equal((null, 70.0), (limits[PlanWindows.FiveHour], limits[PlanWindows.SevenDay]));
    }

    [Fact]
    public void MoreThanAll_IsShownAsIs_AndLeavesNothing()
    {
        var limit = Assert.Single(Views(Window(PlanWindows.FiveHour, 1.25, 60)));

        Assert.Equal((125.0, 0.0), (limit.UsedPercent!.Value, limit.RemainingPercent!.Value));
    }

    [Theory]
    [InlineData(4, 0.3, 60, null, null)] // too short a time
    [InlineData(61, 0.3, 60, null, null)] // too long ago
    [InlineData(30, 0.5, 240, 0.0, null)] // it does not fill
    [InlineData(30, 0.6, 240, 0.0, null)] // it went down
    [InlineData(30, 0.3, 240, 40.0, 75)] // full in an hour and a quarter
    [InlineData(30, 0.3, 60, 40.0, null)] // it begins anew before
    public void BurnRate_IsOfTheLastHour(int minutesAgo, double before, int resetsIn, double? perHour, int? fullIn)
    {
        var limit = Assert.Single(Views([Entry(minutesAgo, Window(PlanWindows.FiveHour, before, resetsIn))], Window(PlanWindows.FiveHour, 0.5, resetsIn)));

        Assert.Equal((perHour, fullIn is { } minutes ? Now.AddMinutes(minutes) : null), (limit.PercentPerHour, limit.FullAt));
    }

    [Fact]
    public void BurnRate_CountsNothingOfAnotherTokenOrOfTheWindowBefore()
    {
        var other = Entry(30, Window(PlanWindows.FiveHour, 0.1, 240)) with { Credential = "another" };
        var before = Entry(40, Window(PlanWindows.FiveHour, 0.1, -20));

        Assert.Null(Assert.Single(Views([other, before], Window(PlanWindows.FiveHour, 0.5, 240))).PercentPerHour);
    }

    [Theory]
    [InlineData(PlanWindows.FiveHour, null, "5-hour limit")]
    [InlineData(PlanWindows.SevenDayOpus, null, "Weekly limit of Opus")]
    [InlineData(PlanWindows.Primary, 300, "5-hour limit")]
    [InlineData(PlanWindows.Secondary, 10080, "Weekly limit")]
    [InlineData(PlanWindows.Secondary, null, "Second limit")]
    [InlineData("weekly_of_something", null, "weekly_of_something")]
    public void Label_IsForPeople(string name, int? minutes, string label) =>
        Assert.Equal(label, Assert.Single(Views(new PlanWindow { Name = name, Minutes = minutes })).Label);

    [Fact] // a probe knows windows that replies say nothing of
    public void KnownLimits_TakeEachWindowFromWhereItWasHeardLast()
    {
        var live = new LimitsReading("c", LimitsSource.Live, "headers", new PlanLimits { Status = "allowed", Windows = [Window(PlanWindows.FiveHour, 0.4, 60)] }, Now);
        var probe = new LimitsReading("c", LimitsSource.Probe, "usage", new PlanLimits { Status = "rejected", Plan = "max", Windows = [Window(PlanWindows.FiveHour, 0.1, 60), Window(PlanWindows.SevenDayOpus, 0.9, 3000)] }, Now.AddMinutes(-10));

        var known = KnownLimits.Of([probe, live])!;

        Assert.Equal(("allowed", "max", LimitsSource.Live, Now), (known.Limits.Status, known.Limits.Plan, known.Source, known.ObservedAt));
        Assert.Equal([(PlanWindows.FiveHour, 0.4, Now), (PlanWindows.SevenDayOpus, 0.9, Now.AddMinutes(-10))], known.Limits.Windows.Select(window => (window.Name, window.Utilization!.Value, known.ObservedAtOf(window.Name))));
        Assert.Null(KnownLimits.Of([]));
    }

    private static PlanWindow Window(string name, double? used, int resetsIn) => new() { Name = name, Utilization = used, ResetsAt = Now.AddMinutes(resetsIn) };

    private static KnownLimits Known(params PlanWindow[] windows) =>
        new() { Credential = "c", Limits = new PlanLimits { Windows = windows }, ObservedAt = Now, Source = LimitsSource.Live, Detail = "test" };

    private static HistoryEntry Entry(int minutesAgo, params PlanWindow[] windows) => new(Now.AddMinutes(-minutesAgo), "c", new PlanLimits { Windows = windows });

    private static IReadOnlyList<LimitView> Views(params PlanWindow[] windows) => LimitView.Of(Known(windows), [], Now);

    private static IReadOnlyList<LimitView> Views(HistoryEntry[] history, params PlanWindow[] windows) => LimitView.Of(Known(windows), history, Now);
}
