using System.Diagnostics;

namespace Trinity.TestSupport.Docker;

/// <summary>A small shell that outlives this process by moments: when its pipe from us closes, it removes what an engine leaves behind.</summary>
/// <remarks>The engine's processes end by themselves: <see cref="Processes.ChildProcess"/>'s leash kills their namespace.</remarks>
internal sealed class DockerWatchdog : IDisposable
{
    // $1 = folder, $2 = its bridge, $3 = its control group. Networks that were made later have their bridges' names in the engine's own database.
    private const string Script = """
        trap '' HUP INT TERM
        read -r _
        folder=$1 bridge=$2 group=$3
        tries=0
        while pgrep -f -- "$folder/exec" >/dev/null && [ "$tries" -lt 200 ]; do tries=$((tries + 1)); sleep 0.05; done
        for link in "$bridge" $(grep -aoh 'br-[0-9a-f]\{12\}' "$folder/data/network/files/local-kv.db" 2>/dev/null | sort -u); do
          ip link delete "$link" 2>/dev/null
        done
        tries=0
        while ! rm -rf -- "$folder" 2>/dev/null && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
        find /sys/fs/cgroup -depth -type d -path "*/${group#/}*" -exec rmdir {} + 2>/dev/null
        exit 0
        """;

    private readonly Process _shell;

    public DockerWatchdog(string folder, string bridge)
    {
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = "/", UseShellExecute = false, RedirectStandardInput = true };
        foreach (var word in (string[])["/bin/sh", "-c", Script, "watchdog", folder, bridge, ControlGroup(folder)])
        {
            start.ArgumentList.Add(word);
        }

        _shell = Process.Start(start) ?? throw new InvalidOperationException("The watchdog did not start.");
    }

    public static string ControlGroup(string folder) => "/" + Path.GetFileName(folder);

    /// <summary>Cleans up, and returns when that is done.</summary>
    public async Task StopAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync(Timeouts.After(Timeouts.Default));
    }

    public void Dispose() => _shell.Dispose();
}
