using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Makes a worker's environment: a few of our own variables, by name, then the home's <c>.env</c>, then what neither may change. Ours is only read.</summary>
/// <remarks>A list of what may pass: credentials of the control plane's own environment would be used for every home that has none.</remarks>
internal sealed class WorkerEnvironment(WorkerSettings settings, Func<string, string?> own)
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly string[] Inherited =
    [
        "PATH", "TMPDIR", "LANG", "LC_ALL", "TZ",
        "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "DOTNET_ROLL_FORWARD", "DOTNET_BUNDLE_EXTRACT_BASE_DIR", // where .NET and its libraries are
        "SSL_CERT_FILE", "SSL_CERT_DIR",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    ];

    /// <summary>A small program, one of many: no thread for collecting, no profiling, and no socket by which another process could look into it.</summary>
    private static readonly KeyValuePair<string, string>[] Runtime = [new("DOTNET_gcConcurrent", "0"), new("DOTNET_TieredPGO", "0"), new("DOTNET_EnableDiagnostics", "0")];

    /// <summary>As the home's file is now.</summary>
    public IReadOnlyDictionary<string, string> Create(string home)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath };
        foreach (var name in Inherited)
        {
            if (own(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        foreach (var (name, value) in HomeEnvironment.Read(home).Concat(settings.ToEnvironment()).Concat(Runtime).Append(new("HOME", home)))
        {
            environment[name] = value;
        }

        return environment;
    }
}
