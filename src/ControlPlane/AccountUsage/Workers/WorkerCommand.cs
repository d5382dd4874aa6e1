namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>The program that workers run: this one, by its own verb.</summary>
internal sealed record WorkerCommand(string FileName, params IReadOnlyList<string> Arguments)
{
    public const string Verb = "probe-worker";

    /// <summary>This program as it was started: by its own executable, or by <c>dotnet</c> with its library.</summary>
    public static WorkerCommand OfThisProgram() => Of(Environment.ProcessPath, typeof(WorkerCommand).Assembly.Location);

    /// <param name="program">What the process runs.</param>
    /// <param name="library">This assembly's file.</param>
    public static WorkerCommand Of(string? program, string library) =>
        Path.GetFileName(program) == typeof(WorkerCommand).Assembly.GetName().Name ? new WorkerCommand(program!, Verb)
        : Path.GetFileName(program) == "dotnet" ? new WorkerCommand(program!, library, Verb)
        : new WorkerCommand("dotnet", library, Verb); // in a host of another name
}
