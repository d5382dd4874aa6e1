using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>P-11, Q-8, P-54: what a worker may know.</summary>
public sealed class WorkerEnvironmentTests : IDisposable
{
    private static readonly WorkerSettings Settings = new(new("http://one", "http://two", "http://three"), AllowPrivateUpstreams: true);

    private readonly TemporaryDirectory _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Create_OfOurs_HasNothingButWhatItNeeds()
    {
        var own = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/bin",
            ["LANG"] = "C.UTF-8",
            ["TZ"] = "Europe/Bern",
            ["HTTPS_PROXY"] = "http://proxy",
            ["no_proxy"] = "localhost",
            ["DOTNET_ROOT"] = "/dotnet",
            ["HOME"] = "/ours",
        };
        string[] secrets =
        [
            "TRINITY_DATABASE", "TRINITY_ENCRYPTION_KEYS", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY", "OPENROUTER_API_KEY",
            "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "GOOGLE_APPLICATION_CREDENTIALS", "GITHUB_TOKEN", "PGPASSWORD", "SOMETHING_NEW",
        ];
        foreach (var name in secrets)
        {
            own.Add(name, Canaries.New("environment"));
        }

        var environment = Create(own);

        Assert.Equal(
            ["DOTNET_EnableDiagnostics", "DOTNET_ROOT", "DOTNET_TieredPGO", "DOTNET_gcConcurrent", "HOME", "HTTPS_PROXY", "LANG", "PATH",
                "TRINITY_PROBE_ALLOW_PRIVATE_UPSTREAMS", "TRINITY_PROBE_ANTHROPIC", "TRINITY_PROBE_CODEX", "TRINITY_PROBE_OPENROUTER", "TZ", "no_proxy"],
            environment.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(_home.FullName, environment["HOME"]);
        Canaries.AssertAbsentFrom(string.Join('\n', environment.Values), "the worker's environment");
    }

    [Fact] // P-11, P-54
    public void Create_HomesFile_IsReadAnewEachTime_AndAddsToOurs()
    {
        _home.Write(".env", "OPENROUTER_API_KEY=first\nHTTPS_PROXY=http://theirs\n");
        var first = Create(new() { ["HTTPS_PROXY"] = "http://ours" });
        _home.Write(".env", "OPENROUTER_API_KEY=second\n");
        var second = Create(new() { ["HTTPS_PROXY"] = "http://ours" });

        Assert.Equal(("first", "http://theirs"), (first["OPENROUTER_API_KEY"], first["HTTPS_PROXY"]));
        Assert.Equal(("second", "http://ours"), (second["OPENROUTER_API_KEY"], second["HTTPS_PROXY"]));
    }

    [Theory] // who may write a home's file may not choose the code that runs, nor where our settings lead
    [InlineData("PATH")]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("HOME")]
    [InlineData("LD_PRELOAD")]
    [InlineData("LD_LIBRARY_PATH")]
    [InlineData("DOTNET_STARTUP_HOOKS")]
    [InlineData("CORECLR_PROFILER_PATH")]
    [InlineData("COMPlus_EnableDiagnostics")]
    [InlineData("DOTNET_gcConcurrent")]
    [InlineData("TRINITY_PROBE_ALLOW_PRIVATE_UPSTREAMS")]
    [InlineData("TRINITY_PROBE_ANTHROPIC")]
    public void Create_HomesFile_DecidesNothingOfTheProgram(string name)
    {
        var before = Create([]);
        _home.Write(".env", $"{name}=theirs\nFINE=1\n");

        var after = Create([]);

        Assert.Equal(before.GetValueOrDefault(name), after.GetValueOrDefault(name));
        Assert.Equal("1", after["FINE"]);
    }

    [Fact]
    public void Settings_ThroughTheEnvironment_AreTheSame()
    {
        var environment = Create([]);

        Assert.Equal(Settings, WorkerSettings.FromEnvironment(environment));
        Assert.Equal(WorkerSettings.Of(new(), new()), WorkerSettings.FromEnvironment(new Dictionary<string, string>(StringComparer.Ordinal)));
    }

    private IReadOnlyDictionary<string, string> Create(Dictionary<string, string> own) => new WorkerEnvironment(Settings, own.GetValueOrDefault).Create(_home.FullName);
}
