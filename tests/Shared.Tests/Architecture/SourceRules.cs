using System.Globalization;
using System.Text.RegularExpressions;

namespace Trinity.Shared.Tests.Architecture;

/// <summary>Rules over the text of source files; each returns one line per violation.</summary>
internal static partial class SourceRules
{
    public const int MaxLines = 400;

    /// <summary>Who may read <c>ConfigProvider.Current</c>: everybody else is handed the snapshot that the request took at its start.</summary>
    private static readonly string[] SnapshotReaders =
    [
        "src/AiBridge/Configuration/ConfigProvider.cs",
        "src/AiBridge/Proxy/ProxyEndpoint.cs",         // step 0 of the request path
        "src/AiBridge/Bridges/CachedBridgePool.cs",    // builds no bridge for a snapshot that was replaced meanwhile
        "src/AiBridge/Limits/TokenBudgets.cs",         // a background service: no request's
        "src/AiBridge/Reload/",
        "src/AiBridge/Telemetry/",
        "src/AiBridge/Health.cs",
    ];

    /// <summary>Log event ids by file: first and last of the service's block.</summary>
    private static readonly Dictionary<string, (int First, int Last)> EventIdBlocks = new(StringComparer.Ordinal)
    {
        ["src/Shared/"] = (100, 199),
        ["src/AiBridge/"] = (1000, 1999),
        ["src/ControlPlane/"] = (2000, 2999),
        ["src/AgentServer/"] = (3000, 3999),
    };

    /// <summary>The namespace that a path stands for: <c>src/AiBridge/Proxy/X.cs</c> is in <c>Trinity.AiBridge.Proxy</c>.</summary>
    public static string ExpectedNamespace(string path) => "Trinity." + string.Join('.', path.Split('/')[1..^1]);

    public static IEnumerable<string> TooLong(IEnumerable<SourceFile> files) =>
        files.Where(file => file.Lines > MaxLines).Select(file => $"{file}: has {file.Lines} lines; split it before {MaxLines}.");

    /// <summary>Programs with top-level statements and files of assembly attributes have none, and declare no type either.</summary>
    public static IEnumerable<string> WrongNamespace(IEnumerable<SourceFile> files) =>
        from file in files
        let expected = ExpectedNamespace(file.Path)
        where file.Namespace is null ? DeclaresType().IsMatch(file.Code) : file.Namespace != expected
        select $"{file}: its namespace is {file.Namespace ?? "missing"}, its folder means {expected}.";

    public static IEnumerable<string> Regions(IEnumerable<SourceFile> files) =>
        files.Where(file => Region().IsMatch(file.Code)).Select(file => $"{file}: has a region; split the type instead.");

    /// <summary>A global using would hide from the arrow rules who knows whom.</summary>
    public static IEnumerable<string> GlobalUsings(IEnumerable<SourceFile> files) =>
        files.Where(file => GlobalUsing().IsMatch(file.WithoutComments)).Select(file => $"{file}: has a global using of one of our own namespaces.");

    public static IEnumerable<string> ForbiddenSnapshotReads(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Path.StartsWith("src/AiBridge/", StringComparison.Ordinal)
            && !Array.Exists(SnapshotReaders, reader => file.Path.StartsWith(reader, StringComparison.Ordinal))
            && ConfigProviderName().IsMatch(file.Code)
            && CurrentRead().IsMatch(file.Code)
        select $"{file}: reads ConfigProvider.Current; take the snapshot as a parameter.";

    /// <summary>The engine's socket is opened in one place; a configured default may name it.</summary>
    public static IEnumerable<string> EngineSockets(IEnumerable<SourceFile> files) =>
        from file in files
        where !file.Path.StartsWith("src/ControlPlane/Containers/", StringComparison.Ordinal) && EngineSocket().IsMatch(file.WithoutComments)
        select $"{file}: speaks to the container engine; only ControlPlane/Containers does.";

    public static IEnumerable<string> EventIds(IEnumerable<SourceFile> files)
    {
        var seen = new Dictionary<int, string>();
        foreach (var file in files)
        {
            if (NumericEventId().IsMatch(file.Code))
            {
                yield return $"{file}: a LoggerMessage has a number for its id; name it in the service's EventIds.";
            }

            foreach (Match match in file.Name.EndsWith("EventIds.cs", StringComparison.Ordinal) ? IntConstant().Matches(file.Code) : Enumerable.Empty<Match>())
            {
                var id = int.Parse(match.Groups["value"].ValueSpan.ToString().Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
                var name = $"{file}: {match.Groups["name"].Value} = {id}";
                var block = EventIdBlocks.FirstOrDefault(block => file.Path.StartsWith(block.Key, StringComparison.Ordinal)).Value;
                if (id < block.First || id > block.Last)
                {
                    yield return $"{name} is outside of the service's block {block.First}-{block.Last}.";
                }

                if (!seen.TryAdd(id, name))
                {
                    yield return $"{name} is taken by {seen[id]}.";
                }
            }
        }
    }

    [GeneratedRegex(@"^\s*((public|internal|file|sealed|abstract|static|partial|readonly)\s+)*(class|struct|interface|enum|record)\s+\w", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DeclaresType();

    [GeneratedRegex(@"^\s*#\s*region\b", RegexOptions.Multiline, 1000)]
    private static partial Regex Region();

    [GeneratedRegex(@"\bglobal\s+using\s+(static\s+)?([\w]+\s*=\s*)?(global::)?Trinity\b|<Using\s[^>]*Include=""Trinity\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GlobalUsing();

    [GeneratedRegex(@"\bI?ConfigProvider\b", RegexOptions.None, 1000)]
    private static partial Regex ConfigProviderName();

    // Activity.Current and the like are somebody else's.
    [GeneratedRegex(@"(?<!\b(Activity|Baggage|TestContext|Thread|SynchronizationContext))\s*[?!]?\s*\.\s*Current\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CurrentRead();

    [GeneratedRegex(@"docker\.sock|UnixDomainSocketEndPoint|""Docker\.DotNet", RegexOptions.None, 1000)]
    private static partial Regex EngineSocket();

    [GeneratedRegex(@"\[\s*LoggerMessage\s*\(\s*(EventId\s*=\s*)?[0-9]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NumericEventId();

    [GeneratedRegex(@"\bconst\s+int\s+(?<name>\w+)\s*=\s*(?<value>[0-9_]+)\s*;", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex IntConstant();
}
