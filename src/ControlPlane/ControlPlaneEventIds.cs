namespace Trinity.ControlPlane;

/// <summary>Log event ids of the control plane: 2000-2999. An id is never used again for something else.</summary>
internal static class ControlPlaneEventIds
{
    public const int OperatorTokenWritten = 2000;
    public const int SeedImported = 2010;
    public const int SeedSkipped = 2011;
    public const int EncryptionKeysRotated = 2020;
    public const int ChangeWritten = 2100;
    public const int FleetPollFailed = 2110;
    public const int CredentialDelivered = 2120;
    public const int AgentReconciled = 2121;
    public const int ReconcileFailed = 2122;
    public const int EngineLost = 2123;
    public const int EngineBack = 2124;
    public const int RequestFailed = 2200;
    public const int DatabaseUnavailable = 2201;
}
