namespace Trinity.AgentServer;

/// <summary>What the server says when the operating system does not protect it from its tasks.</summary>
internal static partial class Hardening
{
    public static void WarnOfDumps(this WebApplication app) => Log.NotHardened(app.Logger);

    private static partial class Log
    {
        [LoggerMessage(EventIds.NotHardened, LogLevel.Warning, "This process could not be made non-dumpable: tasks, which run as the same user, can read the agent's token from its environment.")]
        public static partial void NotHardened(ILogger logger);
    }
}
