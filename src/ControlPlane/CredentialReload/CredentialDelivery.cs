namespace Trinity.ControlPlane.CredentialReload;

/// <summary>What came of bringing an agent its credential.</summary>
/// <param name="Result">One of <see cref="DeliveryResult"/>.</param>
/// <param name="Generation">The generation that was to be brought.</param>
/// <param name="Detail">Why not, or not yet, for an operator.</param>
internal sealed record CredentialDelivery(string Result, long Generation, string? Detail = null)
{
    /// <summary>Whether the agent works with this generation now.</summary>
    public bool IsApplied => Result is DeliveryResult.HotReloaded or DeliveryResult.Recreated;
}

/// <summary>The results of a delivery.</summary>
internal static class DeliveryResult
{
    /// <summary>The running agent has it; nothing was stopped or restarted.</summary>
    public const string HotReloaded = "hot_reloaded";

    /// <summary>An agent whose image takes no credential while it runs was made anew, once its tasks had ended.</summary>
    public const string Recreated = "recreated";

    /// <summary>The same, and tasks still run: it is made anew when they have ended.</summary>
    public const string Draining = "draining";

    /// <summary>The container is stopped; the agent gets it on its next start.</summary>
    public const string NotRunning = "not_running";

    public const string NoContainer = "no_container";

    /// <summary>It is not known whether the agent has it; it is asked, and given it again.</summary>
    public const string Pending = "pending";

    /// <summary>It was refused, or there is none; tried again later.</summary>
    public const string Failed = "failed";
}
