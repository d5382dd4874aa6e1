using Microsoft.Extensions.Options;

namespace Trinity.AgentServer.Runtimes;

/// <summary>What every task's environment begins with: four variables of the server's own, by name, and the configured ones. Never all of the server's.</summary>
internal sealed class ChildEnvironment(IOptions<AgentServerOptions> options)
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "LANG"];

    /// <summary>A new one for each task, to be added to.</summary>
    public Dictionary<string, string> Create()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath };
        foreach (var name in Inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        foreach (var (name, value) in options.Value.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>Where tasks work.</summary>
    public string WorkingDirectory() =>
        options.Value.WorkingDirectory is { Length: > 0 } configured ? configured : Home(options.Value) is { Length: > 0 } home ? home : "/";

    /// <summary>The tasks' home folder.</summary>
    public static string? Home(AgentServerOptions options) =>
        options.Environment.TryGetValue("HOME", out var configured) ? configured : Environment.GetEnvironmentVariable("HOME");
}
