using System.Globalization;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>Real processes that speak the workers' protocol: a shell whose answer is its home, and which does what the channel's name says.</summary>
internal sealed class ScriptedWorkers : IDisposable
{
    // Each process leaves a file while it lives, and one for every moment in which two probes would have met in it.
    private const string Script = """
        trap 'rm -f "$PROCESSES/$$"' EXIT
        : > "$PROCESSES/$$"
        echo "nobody reads this" >&2
        while read -r line; do
          id=${line#*\"id\":}; id=${id%%[,\}]*}
          channel=${line#*\"channel\":\"}; channel=${channel%%\"*}
          case $channel in
            hang) while read -r more; do echo "$more" >> "$PROCESSES/violations"; done; exit ;;
            deaf) exec 3<&0; sleep 600 ;;
            die) exit 3 ;;
            endless) while printf '%s' 0123456789012345678901234567890123456789012345678901234567890123456789; do :; done ;;
            environment) echo "$(env | base64 -w0)" > "$PROCESSES/environment" ;;
          esac
          printf '{"id":%s,"credential":"%s","usage":{"verdict":"Unsupported","problem":"%s"}}\n' "$id" "$HOME" "$$"
        done
        """;

    private readonly TemporaryDirectory _folder = new();

    public ScriptedWorkers()
    {
        Directory.CreateDirectory(Processes);
        _folder.Write("worker.sh", Script.Replace("$PROCESSES", Processes, StringComparison.Ordinal));
    }

    public WorkerCommand Command => new("/bin/sh", _folder.File("worker.sh"));

    public string Home(string name) => Directory.CreateDirectory(_folder.File(name)).FullName;

    /// <summary>The ids of those that live, as the system says, not as they do.</summary>
    public IReadOnlyList<int> Living => [.. NumbersIn(Directory.GetFiles(Processes)).Where(IsAlive)];

    public string Environment => File.ReadAllText(Path.Combine(Processes, "environment"));

    private string Processes => _folder.File("processes");

    /// <summary>Those whose last part is a number.</summary>
    public static IEnumerable<int> NumbersIn(IEnumerable<string> paths) =>
        paths.Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).Where(number => number > 0);

    public static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose() => _folder.Dispose();
}
