namespace Trinity.Shared;

/// <summary>Log event ids of Shared: 100-199. AiBridge has 1000-1999, ControlPlane 2000-2999, AgentServer 3000-3999. An id is never used again for something else.</summary>
public static class SharedEventIds
{
    public const int MigrationApplied = 100;
    public const int ServiceStarting = 110;
    public const int StopDisturbed = 111;
}
