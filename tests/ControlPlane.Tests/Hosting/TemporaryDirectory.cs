namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>A directory of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("trinity-");

    public string FullName => _directory.FullName;

    public string File(string name) => Path.Combine(FullName, name);

    public string Write(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
