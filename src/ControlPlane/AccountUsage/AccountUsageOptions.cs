namespace Trinity.ControlPlane.AccountUsage;

/// <summary>Settings of account usage: section <c>AccountUsage</c>.</summary>
internal sealed class AccountUsageOptions
{
    public const string Section = "AccountUsage";

    /// <summary>Directories with a CLI's own login, as <c>name=/path</c>, separated by <c>;</c>.</summary>
    public string Homes { get; set; } = "";

    /// <summary>How many warm workers a home has.</summary>
    public int WorkersPerHome { get; set; } = 2;

    /// <summary>How long a probe waits for one of its home's workers before it starts a process of its own; zero: not at all.</summary>
    public TimeSpan WorkerWait { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How many probes run at once, of all homes together.</summary>
    public int MaxProbes { get; set; } = 8;

    /// <summary>How many probes of one home run at once, so that one that hangs leaves room for the others.</summary>
    public int MaxProbesPerHome { get; set; } = 3;

    /// <summary>How many worker processes there are at most, idle ones included.</summary>
    public int MaxWorkers { get; set; } = 16;

    /// <summary>When a worker that nobody needed is ended.</summary>
    public TimeSpan WorkerIdle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>When a probe that got no answer is given up.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(35);

    /// <summary>How long an answer is served without asking again.</summary>
    public TimeSpan CacheFor { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>How long an account is left alone after it was asked about, whoever wants to know.</summary>
    public TimeSpan RefreshFloor { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How old an answer that costs a request gets before looking at it asks again; one that is asked for is not bound by it.</summary>
    public TimeSpan PaidRefresh { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the history is kept.</summary>
    public TimeSpan HistoryFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Where Codex's usage is asked for: ChatGPT's backend, or another with <c>/api/codex/usage</c>.</summary>
    public string CodexProvider { get; set; } = "https://chatgpt.com/backend-api";

    /// <summary>Where a home's OpenRouter key is asked about.</summary>
    public string OpenRouterProvider { get; set; } = "https://openrouter.ai/api/v1";

    /// <summary>The homes by name.</summary>
    public IReadOnlyList<(string Name, string Path)> NamedHomes() =>
        [.. Homes.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(entry => entry.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? (entry[..at].Trim(), entry[(at + 1)..].Trim())
            : ("", entry))];
}
