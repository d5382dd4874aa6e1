using System.Text.Json.Serialization;

namespace Trinity.Shared.AgentApi;

/// <summary>The body of <c>POST /api/tasks</c>: one turn of an agent's coding CLI.</summary>
public sealed record TaskRequest
{
    /// <summary>Chosen by the caller; sending it again answers with the first task's result instead of starting another. Null: the server makes one.</summary>
    public string? TaskId { get; init; }

    /// <summary>What the agent is asked to do; goes to the CLI's standard input.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The session to go on with, as an earlier reply named it; null begins a new one.</summary>
    public string? SessionId { get; init; }

    /// <summary>Null: the CLI's default.</summary>
    public string? Model { get; init; }

    /// <summary>Added to the CLI's own system prompt.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>Null: all that the CLI allows itself.</summary>
    public IReadOnlyList<string>? AllowedTools { get; init; }

    /// <summary>Seconds after which the task is ended; null: the server's setting.</summary>
    public int? TimeoutSeconds { get; init; }
}

/// <summary>A task as <c>/api/tasks</c> shows it.</summary>
public sealed record TaskView
{
    public required string TaskId { get; init; }

    public required TaskOutcome Outcome { get; init; }

    /// <summary>The subscription whose credential it was started with; null when there was none.</summary>
    public Guid? SubscriptionId { get; init; }

    /// <summary>The credential generation it was started with. What it fails of is booked to this one, never to the current.</summary>
    public long Generation { get; init; }

    /// <summary>Of the credential it was started with; see <see cref="CredentialFingerprint"/>.</summary>
    public string? Fingerprint { get; init; }

    public string? SessionId { get; init; }

    /// <summary>The CLI's final answer, redacted. A list leaves it and the error out where they would make it too long; the task by its id has them.</summary>
    public string? Response { get; init; }

    /// <summary>What went wrong, redacted; null while nothing has.</summary>
    public string? Error { get; init; }

    public int? ExitCode { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Where a task stands, or how it ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskOutcome>))]
public enum TaskOutcome
{
    [JsonStringEnumMemberName("running")]
    Running,

    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>The provider refused for now: usage limit, 429.</summary>
    [JsonStringEnumMemberName("rate_limited")]
    RateLimited,

    /// <summary>The provider refuses the credential.</summary>
    [JsonStringEnumMemberName("auth_failed")]
    AuthFailed,

    [JsonStringEnumMemberName("timeout")]
    Timeout,

    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    [JsonStringEnumMemberName("error")]
    Error,
}
