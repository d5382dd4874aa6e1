namespace Trinity.TestSupport.Processes;

/// <summary>How a program ended.</summary>
public sealed record ChildResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Fails the test, with all that was written, unless the program succeeded.</summary>
    public ChildResult Succeeded() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"Exit code {ExitCode}.\n{Output}\n{Errors}");
}
