using Trinity.AiBridge.Authentication;

namespace Trinity.AiBridge.Routing;

/// <summary>Whether a caller may use a model.</summary>
internal static class ModelPermission
{
    public static bool IsRestricted(Caller caller) => caller.Key.Models is not null;

    public static bool Allows(Caller caller, string model)
    {
        if (caller.Key.Models is not { } allowed)
        {
            return true;
        }

        foreach (var pattern in allowed)
        {
            if (pattern.EndsWith('*') ? model.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal) : model == pattern)
            {
                return true;
            }
        }

        return false;
    }
}
