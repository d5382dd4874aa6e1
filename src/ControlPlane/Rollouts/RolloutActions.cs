namespace Trinity.ControlPlane.Rollouts;

/// <summary>What a rollout came of.</summary>
internal static class RolloutActions
{
    public const string Rotate = "rotate";
    public const string Update = "update";
    public const string Delete = "delete";

    /// <summary>A subscription has another token.</summary>
    public const string RollOver = "roll_over";

    /// <summary>An agent works with something else; what that retires, if anything, is its virtual key.</summary>
    public const string Assign = "assign";
}
