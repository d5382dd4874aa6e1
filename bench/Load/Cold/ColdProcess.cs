using System.Diagnostics;
using System.Runtime.InteropServices;
using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.Cold;

/// <summary>A process that was started for one measure, and ends with it.</summary>
internal sealed class ColdProcess(Process process, string log) : IAsyncDisposable
{
    private const int Terminate = 15;
    private const string LoadsOwnSetting = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"; // see eng/bench-peers.sh

    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(10);

    private readonly long _began = Stopwatch.GetTimestamp();

    public int Id => process.Id;

    /// <param name="command">What to run.</param>
    /// <param name="core">Where.</param>
    /// <param name="log">A file for what it says.</param>
    public static ColdProcess Start(ColdCommand command, int? core, string log)
    {
        // The shell and taskset become the program: its id is theirs. What the load may have is not its own: real-time priority and a setting.
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >\"$0\" 2>&1", log, .. Placed.WithoutPriority(core, command.Words)]) { UseShellExecute = false, WorkingDirectory = command.Folder };
        start.Environment.Remove(LoadsOwnSetting);
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        return new ColdProcess(Process.Start(start)!, log);
    }

    /// <summary>How long it took to be ready.</summary>
    public async Task<TimeSpan> ReadyAsync(HttpClient http, Uri ready, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyWithin);
        while (!await AnswersAsync(http, ready, limit.Token))
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"A cold process ended with {process.ExitCode}: {(await File.ReadAllLinesAsync(log, cancellationToken)).LastOrDefault()}");
            }

            await Task.Delay(AskEvery, limit.Token);
        }

        return Stopwatch.GetElapsedTime(_began);
    }

    public async ValueTask DisposeAsync()
    {
        _ = Kill(process.Id, Terminate); // fails only when it has ended, which is as good
        using var limit = new CancellationTokenSource(EndsWithin);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri ready, CancellationToken cancellationToken)
    {
        try
        {
            using var reply = await http.GetAsync(ready, cancellationToken);
            return reply.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
