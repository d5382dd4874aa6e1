using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Recording;

/// <summary>What is known of an exchange so far. One request owns it; it becomes an <see cref="Interception"/> when the request ends.</summary>
internal sealed class InterceptionDraft(Guid id, DateTimeOffset startedAt, long startedTimestamp)
{
    private const int MaxTextLength = 256; // clients choose the model, providers the error

    public Guid Id => id;

    /// <summary>As clients see it.</summary>
    public string IdText { get; } = id.ToString("D");
    public DateTimeOffset StartedAt => startedAt;

    /// <summary>A <see cref="TimeProvider.GetTimestamp"/> of the start, for durations.</summary>
    public long StartedTimestamp => startedTimestamp;
    public Guid? ProviderId { get; set; }
    public string Provider { get; set; } = "";
    public string? ProviderType { get; set; }
    public string? Route { get; set; }
    public string? Model { get; set; }
    public string Client { get; set; } = "Unknown";
    public string? SessionId { get; set; }
    public Guid? VirtualKeyId { get; set; }
    public string? Caller { get; set; }
    public string? Agent { get; set; }
    public bool Streaming { get; set; }
    public int Status { get; set; }
    public Outcome Outcome { get; set; } = Outcome.BridgeError;
    public string? Error { get; set; }
    public string? CredentialKind { get; set; }
    public string? KeyHint { get; set; }

    /// <summary>The credential of this very request, by the name that records have for it; by the time the reply is here its caller may work with another one.</summary>
    public string? Credential { get; set; }
    public int Attempts { get; set; }
    public long Generation { get; set; }
    public TimeSpan? FirstByteAfter { get; set; }
    public IUsageReader? Usage { get; set; }

    /// <summary>Whether it belongs into the records: bridged exchanges and refusals do, pass-through traffic is only counted.</summary>
    public bool Recorded { get; set; } = true;

    public Interception Complete(TimeSpan duration, bool recordToolInput) => new()
    {
        Id = id,
        ProviderId = ProviderId,
        Provider = Provider,
        ProviderType = ProviderType,
        Route = Route,
        Model = Cut(Model),
        Client = Client,
        SessionId = SessionId,
        VirtualKeyId = VirtualKeyId,
        Caller = Caller,
        Agent = Agent,
        Streaming = Streaming,
        Status = Status,
        Outcome = Outcome,
        Error = Cut(Error),
        CredentialKind = CredentialKind,
        KeyHint = KeyHint,
        Credential = Credential,
        Attempts = Attempts,
        Generation = Generation,
        StartedAt = startedAt,
        FirstByteMilliseconds = FirstByteAfter?.TotalMilliseconds,
        DurationMilliseconds = duration.TotalMilliseconds,
        TokenUsage = Usage?.Usage,
        ToolUsages = Usage?.Tools is not { Count: > 0 } tools ? []
            : recordToolInput ? tools
            : [.. tools.Select(tool => tool with { Input = null })],
    };

    private static string? Cut(string? text) => text?.Length > MaxTextLength ? text[..MaxTextLength] : text;
}
