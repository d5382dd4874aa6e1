namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>One name for each home, however it is written: links, dots and slashes are resolved. A probe and a flush that name it differently must mean the same.</summary>
internal static class HomePath
{
    private const int MostLinks = 40; // as the kernel

    /// <summary>The real path; of a part that does not exist, or cannot be looked at, what is written.</summary>
    public static string Normalise(string path)
    {
        var ahead = new Stack<string>();
        Push(ahead, Path.IsPathRooted(path) ? path : Path.Combine(Environment.CurrentDirectory, path));
        var resolved = "/";
        var links = 0;
        while (ahead.TryPop(out var part))
        {
            if (part == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? "/";
                continue;
            }

            var next = Path.Combine(resolved, part);
            if (links < MostLinks && LinkTarget(next) is { } target)
            {
                links++;
                resolved = Path.IsPathRooted(target) ? "/" : resolved;
                Push(ahead, target);
                continue;
            }

            resolved = next;
        }

        return resolved;
    }

    private static void Push(Stack<string> ahead, string path)
    {
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse())
        {
            ahead.Push(part);
        }
    }

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
