using System.Diagnostics;

namespace Trinity.TestSupport.Postgres;

/// <summary>A small shell that outlives this process by moments: when its pipe from us closes, it stops Postgres and removes its folder.</summary>
/// <remarks>The kernel closes the pipe however we end, kill -9 included, so no cluster stays behind.</remarks>
internal sealed class PostgresWatchdog : IDisposable
{
    // $1 = run folder, $2 = pg_ctl, the rest = the words that change the account. The shell ignores Ctrl-C, which ends us anyway.
    private const string Script = """
        trap '' HUP INT TERM
        read -r _
        folder=$1 ctl=$2
        shift 2
        if [ -f "$folder/data/postmaster.pid" ]; then "$@" "$ctl" stop -D "$folder/data" -m immediate -w -t 20 >/dev/null 2>&1; fi
        rm -rf -- "$folder"
        """;

    private readonly Process _shell;

    public PostgresWatchdog(string folder)
    {
        // setsid: a kill of our whole process group must not take the watchdog along.
        List<string> words = ["setsid", "/bin/sh", "-c", Script, "watchdog", folder, PostgresBinaries.PathOf("pg_ctl"), .. PostgresAccount.Prefix(PostgresAccount.Current)];
        _shell = Process.Start(PostgresCommand.StartInfo("/", words)) ?? throw new InvalidOperationException("The watchdog did not start.");
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Stops Postgres at once, removes the folder, and returns when both are done.</summary>
    public async Task StopAsync()
    {
        Release();
        await _shell.WaitForExitAsync(Timeouts.After(Timeouts.Default));
    }

    public void Dispose()
    {
        Release();
        _shell.Dispose();
    }

    private void Release()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _shell.StandardInput.Close();
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit(TimeSpan.FromSeconds(25)); // so that whoever looks after us finds a clean machine
    }
}
