using Trinity.ControlPlane.AccountUsage;

namespace Trinity.ControlPlane.Tests.AccountUsage;

public sealed class AccountUsageOptionsTests
{
    /// <summary>Each with a word of the only error that it is to give.</summary>
    private static readonly (string Case, Action<AccountUsageOptions> Change, string Error)[] Mistakes =
    [
        ("no name", options => options.Homes = "/srv/one", "'/srv/one'"),
        ("an empty name", options => options.Homes = "=/srv/one", "'=/srv/one'"),
        ("no name that is one", options => options.Homes = "one home=/srv/one", "'one home'"),
        ("a name like an id", options => options.Homes = "0195d7f0-0000-7000-8000-000000000000=/srv/one", "UUID"),
        ("a name twice", options => options.Homes = "one=/srv/one;one=/srv/two", "twice"),
        ("a relative path", options => options.Homes = "one=srv/one", "'srv/one'"),
        ("no path", options => options.Homes = "one=", "absolute path"),
        ("no workers", options => options.WorkersPerHome = 0, "WorkersPerHome"),
        ("no probes per home", options => options.MaxProbesPerHome = 0, "MaxProbesPerHome"),
        ("too many workers", options => options.MaxWorkers = 1001, "MaxWorkers"),
        ("G-3: one home's workers are all", options => options.WorkersPerHome = 8, "WorkersPerHome (8)"),
        ("G-3: one home's probes are all", options => options.MaxProbesPerHome = 8, "MaxProbesPerHome is 8"),
        ("more probes than processes", options => options.MaxWorkers = 7, "at least MaxProbes (8)"),
        ("a negative wait", options => options.WorkerWait = TimeSpan.FromSeconds(-1), "WorkerWait"),
        ("no idle time", options => options.WorkerIdle = TimeSpan.Zero, "WorkerIdle"),
        ("no time for a probe", options => options.ProbeTimeout = TimeSpan.Zero, "ProbeTimeout"),
        ("days for a probe", options => options.ProbeTimeout = TimeSpan.FromDays(35), "ProbeTimeout"),
        ("a negative age", options => options.CacheFor = TimeSpan.FromTicks(-1), "CacheFor"),
        ("a negative floor", options => options.RefreshFloor = TimeSpan.FromTicks(-1), "RefreshFloor"),
        ("a negative price", options => options.PaidRefresh = TimeSpan.FromTicks(-1), "PaidRefresh"),
        ("no history", options => options.HistoryFor = TimeSpan.Zero, "HistoryFor"),
        ("no address of Codex", options => options.CodexProvider = "chatgpt.com", "CodexProvider"),
        ("another scheme", options => options.OpenRouterProvider = "file:///etc/passwd", "OpenRouterProvider"),
    ];

    public static TheoryData<string> Cases { get; } = [.. Mistakes.Select(mistake => mistake.Case)];

    [Fact]
    public void Options_Defaults_AreValid_WithHomesOrWithout()
    {
        Assert.Empty(Errors(new()));
        Assert.Empty(Errors(new() { Homes = " main=/srv/main ; other.one=/srv/with space ;", WorkerWait = TimeSpan.Zero, CacheFor = TimeSpan.Zero, RefreshFloor = TimeSpan.Zero }));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Options_Mistake_IsNamed(string name)
    {
        var options = new AccountUsageOptions();
        var (_, change, error) = Mistakes.Single(mistake => mistake.Case == name);

        change(options);

        Assert.Contains(error, Assert.Single(Errors(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_SeveralMistakes_AreAllNamed()
    {
        var options = new AccountUsageOptions { Homes = "x;y", MaxWorkers = 0, WorkerIdle = TimeSpan.Zero };

        Assert.Equal(5, Errors(options).Count); // MaxWorkers is also too few for the probes
    }

    private static IReadOnlyList<string> Errors(AccountUsageOptions options) => [.. new AccountUsageOptionsValidator().Validate(null, options).Failures ?? []];
}
