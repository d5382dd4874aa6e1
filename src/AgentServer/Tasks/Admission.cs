using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>The answer to the wish to run a task.</summary>
internal abstract record Admission
{
    /// <summary>It runs: now, or since an earlier request of the same id.</summary>
    internal sealed record Running(AgentTask Task) : Admission;

    /// <summary>An earlier request of the same id has been run already.</summary>
    internal sealed record Ended(TaskView View) : Admission;

    internal sealed record Refused(AdmissionRefusal Reason) : Admission;
}

/// <summary>Why a task was not begun.</summary>
internal enum AdmissionRefusal
{
    Stopping,
    NoCredential,
    TooMany,
    Forgotten,
}
