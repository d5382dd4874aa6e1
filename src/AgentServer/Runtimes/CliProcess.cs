using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Trinity.AgentServer.Runtimes;

/// <summary>A task's process. Its environment is exactly the command's, and the mark by which its children are found.</summary>
internal sealed class CliProcess : IDisposable
{
    private const int LongestErrorText = 8 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Process _process;
    private readonly string _mark;

    private CliProcess(Process process, string mark)
    {
        _process = process;
        _mark = mark;
    }

    public int ExitCode => _process.ExitCode;

    /// <param name="command">What to run.</param>
    /// <param name="taskId">For the program itself; unique in one server only.</param>
    /// <param name="mark">By which <see cref="TaggedProcesses"/> finds it and all that it starts.</param>
    /// <exception cref="Win32Exception">There is no such program, or no such working directory.</exception>
    public static CliProcess Start(RuntimeCommand command, string taskId, string mark)
    {
        var start = new ProcessStartInfo(Resolve(command), command.Arguments)
        {
            WorkingDirectory = command.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
        };
        start.Environment.Clear();
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["TRINITY_TASK_ID"] = taskId;
        start.Environment[TaggedProcesses.Variable] = mark;
        return new CliProcess(Process.Start(start)!, mark);
    }

    /// <summary>Gives it its input, and the end of it.</summary>
    public async Task WriteInputAsync(string input, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, or closed its input, without reading all: its exit says what that means.
        }
    }

    public IAsyncEnumerable<string> ReadLinesAsync(CancellationToken cancellationToken) => BoundedLines.ReadAsync(_process.StandardOutput, cancellationToken: cancellationToken);

    /// <summary>Reads all of standard error into <paramref name="tail"/>, which keeps its end. One thread writes; others look when the reading has ended.</summary>
    public async Task ReadErrorsAsync(StringBuilder tail, CancellationToken cancellationToken)
    {
        await foreach (var line in BoundedLines.ReadAsync(_process.StandardError, LongestErrorText, cancellationToken))
        {
            tail.Append(line).Append('\n');
            if (tail.Length > LongestErrorText)
            {
                tail.Remove(0, tail.Length - LongestErrorText);
            }
        }
    }

    public Task WhenExitedAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Ends it and all that it started: asks first, and kills what is left after the grace.</summary>
    public async Task EndAsync(TimeSpan grace, TimeProvider time)
    {
        TaggedProcesses.Terminate(_mark);
        using var limit = new CancellationTokenSource(grace, time);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It did not want to; what follows leaves it no choice.
        }

        _process.Kill(entireProcessTree: true); // first, while the tree is whole: some in it may have cleared their environment
        TaggedProcesses.Kill(_mark); // those that have left the tree
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public void Dispose() => _process.Dispose();

    // .NET looks for a program in the server's PATH, not in the one that the task gets.
    private static string Resolve(RuntimeCommand command) => command.Program.Contains('/', StringComparison.Ordinal)
        ? command.Program
        : command.Environment["PATH"].Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, command.Program)).FirstOrDefault(File.Exists) ?? command.Program;
}
