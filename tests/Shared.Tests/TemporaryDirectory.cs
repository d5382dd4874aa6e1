namespace Trinity.Shared.Tests;

/// <summary>A directory of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("trinity-");

    public string File(string name) => Path.Combine(_directory.FullName, name);

    public IReadOnlyList<string> FileNames() => [.. _directory.EnumerateFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _directory.Delete(recursive: true);
}
