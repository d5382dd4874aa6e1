namespace Trinity.AiBridge;

/// <summary>Log event ids of AiBridge: 1000-1999, a hundred per area. An id is never used again for something else.</summary>
internal static class EventIds
{
    // Proxy and Forwarding
    public const int RequestFailed = 1001;
    public const int KeyCoolingDown = 1010;
    public const int UpstreamFailed = 1011;
    public const int CircuitOpened = 1020;
    public const int CircuitClosed = 1021;

    // Bridges
    public const int BridgeBuilt = 1100;
    public const int BridgeDraining = 1101;
    public const int BridgeClosed = 1102;
    public const int DrainDeadlinePassed = 1103;
    public const int SweepFailed = 1104;

    // Reload
    public const int ConfigSwapped = 1200;
    public const int ConfigUnchanged = 1201;
    public const int ReloadFailed = 1202;
    public const int ProviderExcluded = 1203;
    public const int LastGoodServed = 1204;
    public const int LastGoodUnusable = 1205;
    public const int LastGoodNotWritten = 1206;
    public const int LastGoodRefused = 1207;
    public const int LastGoodKept = 1208;
    public const int ListenerConnected = 1210;
    public const int ListenerLost = 1211;
    public const int HeartbeatFailed = 1220;
    public const int HeartbeatRecovered = 1221;
    public const int ProviderWithoutKey = 1222;
    public const int ReplicaIdShared = 1223;
    public const int ReplicaIdNotKept = 1224;

    // Recording
    public const int RecordsNotWritten = 1300;
    public const int RecordsDropped = 1301;
    public const int RecordsLostAtShutdown = 1302;
    public const int RecordsKeptAtShutdown = 1303;
    public const int JournalNotWritten = 1304;
    public const int JournalRecovered = 1305;
    public const int JournalUnreadable = 1306;
    public const int JournalLineSkipped = 1307;
    public const int JournalNotRemoved = 1308;
    public const int RecordingStopped = 1309;
    public const int CredentialRefused = 1310;
    public const int RefusalsNotWritten = 1311;
    public const int RefusalsLostAtShutdown = 1312;
    public const int JournalNotTakenOver = 1313;
    public const int JournalGone = 1314;
    public const int JournalTorn = 1315;
    public const int RecordsStripped = 1316;
    public const int LimitsNotWritten = 1320;
    public const int LimitsWrittenAgain = 1321;
    public const int LimitsDropped = 1322;
    public const int LimitsLostAtShutdown = 1323;

    // Limits
    public const int BudgetRefreshFailed = 1400;

    // Lifecycle
    public const int ShutdownBegun = 1900;
    public const int ShutdownDeadlinePassed = 1901;
    public const int SocketsInline = 1902;
    public const int SocketsNotInline = 1903;
}
