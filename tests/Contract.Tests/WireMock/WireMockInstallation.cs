namespace Trinity.Contract.Tests.WireMock;

/// <summary>The real WireMock server: its jar in the version that wiremock/package-lock.json pins, and the Java that runs it.</summary>
internal static class WireMockInstallation
{
    private static readonly NpmInstallation Package = new("contract-wiremock", "wiremock");

    /// <summary>The paths of both. Without Java or npm, or where npm cannot install, the test is skipped; under CI the latter fails it.</summary>
    public static async Task<(string Java, string Jar)> FindAsync()
    {
        if (FindJava() is not { } java)
        {
            Assert.Skip("No contract is tried against the real WireMock: Java is neither in JAVA_HOME nor on the PATH.");
            return default;
        }

        var (folder, problem) = await Package.FolderAsync();
        if (folder is null)
        {
            var told = $"No contract is tried against the real WireMock: {problem}.";
            Assert.False(NpmInstallation.HasNpm && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.Ordinal), told);
            Assert.Skip(told);
        }

        return (java, Directory.EnumerateFiles(Path.Combine(folder!, "wiremock", "build"), "*.jar").Single());
    }

    private static string? FindJava() =>
        Environment.GetEnvironmentVariable("JAVA_HOME") is { Length: > 0 } home && Path.Combine(home, "bin", "java") is var java && File.Exists(java) ? java : Programs.Find("java");
}
