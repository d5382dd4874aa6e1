using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Components;

/// <summary>How an agent's credential reached it, in a sentence.</summary>
internal static class Deliveries
{
    /// <summary>Null for what is no result of a delivery: an address can be made up.</summary>
    public static string? Describe(string? result) => result switch
    {
        DeliveryResult.HotReloaded => "The running agent has it; nothing was restarted.",
        DeliveryResult.Recreated => "Its container was made anew with it.",
        DeliveryResult.Draining => "A restart is pending: its container is made anew when its running tasks have ended.",
        DeliveryResult.NotRunning => "The agent does not run; it gets it on its next start.",
        DeliveryResult.NoContainer => "The agent has no container; it gets it with its next one.",
        DeliveryResult.Pending => "The agent has not said yet whether it has it; it is asked again.",
        DeliveryResult.Failed => "It could not be brought to the agent; that is tried again.",
        _ => null,
    };
}
