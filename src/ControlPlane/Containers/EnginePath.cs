using System.Text.RegularExpressions;

namespace Trinity.ControlPlane.Containers;

/// <summary>Names of the engine's things as parts of a path. The engine's own rules, checked here, so that no name can lead to another endpoint.</summary>
internal static partial class EnginePath
{
    public static bool IsImage(string image) => image.Length <= 512 && ImageReference().IsMatch(image);

    public static string Container(string container) => $"/containers/{Checked(container, "container")}";

    public static string Volume(string name) => $"/volumes/{Checked(name, "volume")}";

    public static string Network(string name) => $"/networks/{Checked(name, "network")}";

    public static string Exec(string id) => $"/exec/{Checked(id, "exec")}";

    public static string Image(string image) =>
        IsImage(image) ? $"/images/{image}/json" : throw new EngineException(EngineFault.Failed, $"'{image}' is no image reference.");

    public static string Checked(string name, string kind) =>
        Name().IsMatch(name) ? name : throw new EngineException(EngineFault.Failed, $"'{name}' is no {kind} name; use letters, digits, '_', '.' and '-'.");

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}\z", RegexOptions.None, 1000)]
    private static partial Regex Name();

    // Components separated by single slashes; none starts with a dot.
    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.:@-]*(/[a-zA-Z0-9][a-zA-Z0-9_.:@-]*)*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ImageReference();
}
