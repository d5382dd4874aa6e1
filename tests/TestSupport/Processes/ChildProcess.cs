using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Trinity.TestSupport.Processes;

/// <summary>A program in a process group of its own, which ends with this object, and with this process however that ends.</summary>
/// <remarks><c>_lock</c> guards the two texts, which the readers append to.</remarks>
public sealed class ChildProcess : IAsyncDisposable
{
    // $@ = the program. Our end of fd 0 is the leash: a line asks the program to stop; its end, which the kernel brings about when we die, kills the group.
    private const string Leash = """
        exec 3<&0 </dev/null
        "$@" 3<&- &
        child=$!
        { while read -r _ <&3; do kill -TERM "$child"; done; kill -KILL "-$$"; } >/dev/null 2>&1 &
        wait "$child"
        """;

    private readonly Lock _lock = new();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly string _name;
    private readonly Process _process;
    private readonly Task _readers;

    private ChildProcess(ChildProgram program)
    {
        _name = program.Name;
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = program.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in (string[])["/bin/sh", "-c", Leash, "leash", program.FileName, .. program.Arguments])
        {
            start.ArgumentList.Add(word);
        }

        if (!program.InheritsEnvironment)
        {
            start.Environment.Clear();
        }

        foreach (var (name, value) in program.EffectiveEnvironment())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException($"{_name} did not start.");
        _readers = Task.WhenAll(ReadAsync(_process.StandardOutput, _output), ReadAsync(_process.StandardError, _errors));
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The process id of the program itself, while it runs: the first child of the shell that has the leash.</summary>
    public int ProgramId => int.Parse(File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => TextOf(_output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Errors => TextOf(_errors);

    public static ChildProcess Start(ChildProgram program) => new(program);

    /// <summary>Runs a program to its end.</summary>
    public static async Task<ChildResult> RunAsync(ChildProgram program, TimeSpan limit)
    {
        await using var child = Start(program);
        return await child.EndAsync(limit);
    }

    /// <summary>Waits for its end. When that does not come in time, kills it and throws with all it wrote.</summary>
    public async Task<ChildResult> EndAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync(Timeouts.After(limit));
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            throw new TimeoutException($"{_name} did not end within {limit.TotalSeconds:0} s.\n{Output}\n{Errors}");
        }

        await KillAsync(); // what it may have left behind holds on to its output
        return new ChildResult(_process.ExitCode, Output, Errors);
    }

    /// <summary>Asks it to stop (TERM) and waits for its end.</summary>
    public async Task<ChildResult> StopAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        await _process.StandardInput.FlushAsync();
        return await EndAsync(Timeouts.Default);
    }

    /// <summary>Ends it at once (KILL), as a crash would.</summary>
    public async Task KillAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(Timeouts.After(Timeouts.Default));
        await _readers;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_lock)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private string TextOf(StringBuilder text)
    {
        lock (_lock)
        {
            return text.ToString();
        }
    }
}
