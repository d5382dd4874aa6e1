namespace Trinity.Bench.Load.Cold;

/// <summary>How to start a program: <c>dotnet</c>, the program's file, its arguments.</summary>
internal sealed record ColdCommand(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Environment, Uri Url, string ReadyPath)
{
    public string Folder => Path.GetDirectoryName(Words[1])!;
}
