using System.Globalization;

namespace Trinity.TestSupport.Postgres;

/// <summary>Where this machine keeps Postgres: on the PATH, or in Debian's versioned folders.</summary>
internal static class PostgresBinaries
{
    private static readonly Lazy<string> Folder = new(Find);

    public static string PathOf(string program) => Path.Combine(Folder.Value, program);

    private static string Find()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return onPath.Concat(DebianFolders()).FirstOrDefault(HasServer)
            ?? throw new InvalidOperationException("Postgres is not installed: install the Debian package 'postgresql', or put initdb and pg_ctl on the PATH.");
    }

    private static IEnumerable<string> DebianFolders()
    {
        const string Root = "/usr/lib/postgresql";
        return Directory.Exists(Root)
            ? Directory.GetDirectories(Root)
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];
    }

    private static bool HasServer(string folder) => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl"));
}
