using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Credentials;

/// <summary>What became of a reload.</summary>
internal abstract record ReloadResult
{
    /// <summary>It holds now, or did already.</summary>
    internal sealed record Done(ReloadTokenReply Reply) : ReloadResult;

    /// <summary>It is no usable request.</summary>
    internal sealed record Invalid(string Field, string Problem) : ReloadResult;

    /// <summary>It does not fit what the agent has already.</summary>
    internal sealed record Conflict(string Code, string Problem, long Generation, string? Fingerprint) : ReloadResult;

    /// <summary>It could not be made durable; nothing has changed.</summary>
    internal sealed record NotWritten : ReloadResult;
}
