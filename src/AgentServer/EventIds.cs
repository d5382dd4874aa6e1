namespace Trinity.AgentServer;

/// <summary>Log event ids of AgentServer: 3000-3999, a hundred per area. An id is never used again for something else.</summary>
internal static class EventIds
{
    // The process
    public const int NotHardened = 3001;

    // Credentials
    public const int CredentialApplied = 3100;
    public const int CredentialRevoked = 3101;
    public const int CredentialNotWritten = 3102;
    public const int ReloadRefused = 3103;
    public const int OverrideLoaded = 3104;
    public const int OverrideIgnored = 3105;
    public const int OverrideOutdated = 3106;
    public const int FolderNotSynced = 3107;

    // Tasks
    public const int TaskStarted = 3200;
    public const int TaskEnded = 3201;
    public const int TaskBroke = 3202;
    public const int StoppingWithTasks = 3203;
    public const int TasksCut = 3204;
    public const int ProcessesLeft = 3205;
}
