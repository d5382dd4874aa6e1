using System.Diagnostics;

namespace Trinity.TestSupport.Postgres;

/// <summary>The temporary folder of one cluster, and the settings that make it quick rather than durable.</summary>
internal static class PostgresFolder
{
    public const string Settings = """

        listen_addresses = '127.0.0.1'
        max_connections = 300
        shared_buffers = 64MB
        fsync = off
        synchronous_commit = off
        full_page_writes = off
        jit = off
        timezone = 'UTC'
        log_timezone = 'UTC'

        """;

    // A Unix socket's path has at most 107 characters, and under root the other account must be able to walk in.
    private const int MaxTempPathLength = 60;

    // Tests make and drop databases by the hundred, each some hundred files: in memory that costs a fraction of what it does on a disk.
    private const string Memory = "/dev/shm";
    private const long MemoryNeeded = 4L << 30;

    public static string Create()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("The tests' Postgres needs Unix.");
        }

        var folder = Path.Combine(Parent(), $"trinity-postgres-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (PostgresAccount.Current is { } account)
        {
            using var chown = Process.Start("chown", [$"{account.UserId}:{account.GroupId}", folder]);
            chown.WaitForExit();
        }

        return folder;
    }

    private static string Parent()
    {
        if (Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace >= MemoryNeeded)
        {
            return Memory;
        }

        var temp = Path.GetTempPath();
        return PostgresAccount.Current is null && temp.Length <= MaxTempPathLength ? temp : "/tmp";
    }
}
