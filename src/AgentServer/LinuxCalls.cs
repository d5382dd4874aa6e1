using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Trinity.AgentServer;

/// <summary>The few calls of the operating system that .NET has no method for.</summary>
internal static partial class LinuxCalls
{
    public const int Terminate = 15;
    public const int Kill = 9;

    private const int SetDumpableOption = 4; // PR_SET_DUMPABLE
    private const int GetDumpableOption = 3; // PR_GET_DUMPABLE
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    // These two differ by processor.
    private static readonly int Directory = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? 0x4000 : 0x10000;
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>
    /// Makes this process non-dumpable: processes of the same user, such as the tasks' own children, can then read neither its memory nor
    /// <c>/proc/PID/environ</c>, where the agent's token and the key of the credential file are. It is not inherited over an exec.
    /// </summary>
    /// <returns>Whether it is so now.</returns>
    public static bool ForbidDumps() => Control(SetDumpableOption, 0) == 0 && Control(GetDumpableOption, 0) == 0;

    /// <summary>Sends a signal. False: there is no such process, or it is not ours.</summary>
    public static bool Signal(int processId, int signal) => SendSignal(processId, signal) == 0;

    /// <summary>Opens a file without waiting (as for the writer of a FIFO), and not through a symbolic link.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenPlain(string path) => Open(path, NonBlocking | CloseOnExec | NoFollow);

    /// <exception cref="IOException">It is no folder, or cannot be opened.</exception>
    public static SafeFileHandle OpenFolder(string path) => Open(path, Directory | CloseOnExec);

    /// <summary>Makes a rename in the folder durable.</summary>
    public static bool Sync(SafeFileHandle folder) => SyncDescriptor(folder) == 0;

    private static SafeFileHandle Open(string path, int flags)
    {
        var descriptor = OpenDescriptor(path, flags);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path} cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int option, nuint argument);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncDescriptor(SafeFileHandle descriptor);
}
