namespace Trinity.TestSupport.Processes;

/// <summary>What to run, where, and in which environment: nothing is inherited but PATH and what .NET needs to start.</summary>
public sealed record ChildProgram(string FileName, params IReadOnlyList<string> Arguments)
{
    private static readonly string[] Inherited = ["PATH", "DOTNET_ROOT", "LD_LIBRARY_PATH"];

    public string WorkingDirectory { get; init; } = Path.GetTempPath();

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The whole environment of this process as well; for tools that are set up by it.</summary>
    public bool InheritsEnvironment { get; init; }

    public string Name => Path.GetFileName(Arguments.FirstOrDefault(argument => argument.EndsWith(".dll", StringComparison.Ordinal)) ?? FileName);

    internal IEnumerable<KeyValuePair<string, string>> EffectiveEnvironment()
    {
        var inherited = Inherited
            .Select(name => KeyValuePair.Create(name, System.Environment.GetEnvironmentVariable(name)))
            .Where(variable => variable.Value is not null)
            .Select(variable => KeyValuePair.Create(variable.Key, variable.Value!));
        return InheritsEnvironment ? Environment : inherited.Concat(Environment);
    }
}
