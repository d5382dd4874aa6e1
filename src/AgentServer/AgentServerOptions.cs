namespace Trinity.AgentServer;

/// <summary>Boot-time settings of the agent server.</summary>
internal sealed class AgentServerOptions
{
    public const string Section = "AgentServer";

    /// <summary>Where to listen: one <c>http://</c> address.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:8090";

    /// <summary>The bearer token that <c>/api</c> asks for; empty: none, which only a loopback address may do.</summary>
    public string Token { get; set; } = "";

    /// <summary>Whether it takes credentials while it runs. Without, it answers 404 to all of <c>/api/credentials</c>, and a new credential needs a new container.</summary>
    public bool CredentialReload { get; set; } = true;

    /// <summary>What tasks are run by: <c>claude-code</c>, <c>codex</c> or <c>command</c>.</summary>
    public string Runtime { get; set; } = "claude-code";

    /// <summary>The runtime's program; empty: <c>claude</c> or <c>codex</c> from PATH. <c>command</c> has no default.</summary>
    public string Program { get; set; } = "";

    /// <summary>Arguments that go before those of the runtime.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>Where tasks work; empty: the home folder.</summary>
    public string WorkingDirectory { get; set; } = "";

    /// <summary>Variables that tasks get beside PATH, HOME, TMPDIR and LANG.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How many tasks may run at once; one more is refused with 429.</summary>
    public int MaxParallelTasks { get; set; } = 4;

    /// <summary>How long a task may run that does not say so itself.</summary>
    public TimeSpan TaskTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>From asking a task's processes to end until they are killed.</summary>
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a stopping server waits for the tasks that run.</summary>
    public TimeSpan ShutdownDeadline { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many ended tasks can still be asked for.</summary>
    public int FinishedTasks { get; set; } = 100;

    /// <summary>Where a reloaded credential outlives the process: in the container's own layer, not in the home volume.</summary>
    public string CredentialFile { get; set; } = "/var/lib/trinity/credential";

    /// <summary>An API key for tasks, used while no reload has brought a token or taken it away.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>The credential that the container was created with.</summary>
    public InitialCredentialOptions Credential { get; set; } = new();
}

/// <summary>The credential until the first reload. Whichever of this and the credential file has the higher generation holds.</summary>
internal sealed class InitialCredentialOptions
{
    public string Token { get; set; } = "";

    public Guid? SubscriptionId { get; set; }

    public long Generation { get; set; }

    public string BaseUrl { get; set; } = "";

    public string VirtualKey { get; set; } = "";
}
