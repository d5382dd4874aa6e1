namespace Trinity.ControlPlane.Components;

/// <summary>Where the console's pages are.</summary>
internal static class ConsolePaths
{
    public const string Root = "/console";
    public const string SignIn = "/console/sign-in";
    public const string SignOut = "/console/sign-out";
    public const string Stylesheet = "/console/style.css";
    public const string Subscriptions = "/console/settings/subscriptions";
    public const string Agents = "/console/agents";

    public static bool IsConsole(HttpRequest request) => request.Path.StartsWithSegments(Root, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether to go to <paramref name="path"/> stays within the console: what else a link to the sign-in page might name is not followed.</summary>
    public static bool IsOwn(string? path) =>
        path is not null
        && (path == Root || path.StartsWith($"{Root}/", StringComparison.Ordinal))
        && path.All(character => character is > ' ' and < '\x7f' and not '\\');

    public static string Subscription(string name) => $"{Subscriptions}/{Uri.EscapeDataString(name)}";

    public static string Agent(string name) => $"{Agents}/{Uri.EscapeDataString(name)}";
}
