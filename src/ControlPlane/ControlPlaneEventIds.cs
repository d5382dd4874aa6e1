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
    public const int AgentSwitched = 2300;
    public const int NoAlternative = 2301;
    public const int FailureWithoutSwitch = 2302;
    public const int AutoSwitchFailed = 2303;
    public const int SwitchNotExplained = 2304;
    public const int RefusalsNotHandled = 2310;
    public const int UnknownLimits = 2311;
    public const int FailureSweepFailed = 2312;
    public const int RefusalsWait = 2313;
    public const int AgentIsBusy = 2314;
    public const int ProbeWorkerNotStarted = 2400;
    public const int ProbeWithoutAnswer = 2401;
    public const int AccountNotAsked = 2410;
    public const int UsageHistoryNotKept = 2411;
    public const int LimitHeadersMissing = 2420;
}
