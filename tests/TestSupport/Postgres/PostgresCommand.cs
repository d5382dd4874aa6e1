using System.Diagnostics;

namespace Trinity.TestSupport.Postgres;

/// <summary>Runs one of Postgres' programs to its end, in its account and free of PG* settings of the caller's environment.</summary>
internal static class PostgresCommand
{
    public static async Task RunAsync(string workingFolder, IEnumerable<string> words, CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo(workingFolder, words)) ?? throw new InvalidOperationException("The process did not start.");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{string.Join(' ', process.StartInfo.ArgumentList.Prepend(process.StartInfo.FileName))} ended with {process.ExitCode}:\n{await output}\n{await errors}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public static ProcessStartInfo StartInfo(string workingFolder, IEnumerable<string> words)
    {
        List<string> all = [.. words];
        var start = new ProcessStartInfo(all[0], all.Skip(1))
        {
            UseShellExecute = false,
            WorkingDirectory = workingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
