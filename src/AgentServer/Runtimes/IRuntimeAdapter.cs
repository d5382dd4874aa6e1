using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Runtimes;

/// <summary>All that differs between one coding CLI and another.</summary>
internal interface IRuntimeAdapter
{
    string Name { get; }

    /// <summary>Why this runtime cannot do what is asked, or null.</summary>
    string? Refusal(TaskRequest request);

    /// <summary>The process to start. Its environment holds the credential of the snapshot and nothing else that is secret.</summary>
    RuntimeCommand Command(TaskRequest request, CredentialSnapshot credential);

    /// <summary>A reader of one task's output.</summary>
    ITranscript Transcript(CredentialSnapshot credential);
}

/// <summary>Reads a CLI's output to learn how the task went. One thread at a time calls it.</summary>
internal interface ITranscript
{
    /// <summary>A line of standard output, as it was written.</summary>
    void Read(string line);

    /// <param name="exitCode">128 and the signal's number when a signal ended it.</param>
    /// <param name="errors">The end of standard error.</param>
    TaskVerdict Conclude(int exitCode, string errors);
}

/// <summary>A process to start.</summary>
internal sealed record RuntimeCommand(string Program, IReadOnlyList<string> Arguments, string Input, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment)
{
    public override string ToString() => Program; // a record would print the environment
}

/// <summary>How a task went; texts are not redacted yet.</summary>
internal sealed record TaskVerdict(TaskOutcome Outcome, string? SessionId = null, string? Response = null, string? Error = null);
