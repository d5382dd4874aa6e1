namespace Trinity.Bench.Load.Cold;

/// <summary>How to start a program: its file, after <c>dotnet</c> if that runs it, and its arguments.</summary>
internal sealed record ColdCommand(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Environment, Uri Url, string ReadyPath)
{
    public string Folder => Path.GetDirectoryName(Words[0] == "dotnet" ? Words[1] : Words[0])!;
}
