using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Recording;

/// <summary>Records for the journal: one with what each must have, one with all that a record can have.</summary>
internal static class JournalRecords
{
    public static Interception Small(int number) => new()
    {
        Id = new Guid(number, 0, 0, new byte[8]),
        Provider = "p",
        Client = "c",
        Streaming = false,
        Status = 200,
        Outcome = Outcome.Completed,
        Attempts = number,
        Generation = 1,
        StartedAt = DateTimeOffset.UnixEpoch.AddTicks(1234567),
        DurationMilliseconds = 0.1,
    };

    public static Interception Full(int number) => Small(number) with
    {
        ProviderId = new Guid(9, 0, 0, new byte[8]),
        ProviderType = "anthropic",
        Route = "/v1/messages",
        Model = "m\n\"\u0000 😀",
        SessionId = "s",
        VirtualKeyId = new Guid(8, 0, 0, new byte[8]),
        Caller = "k",
        Agent = "a",
        Streaming = true,
        Outcome = Outcome.ClientAbort,
        Error = "client_abort",
        CredentialKind = "centralized",
        KeyHint = "sk-...",
        Credential = "key:9",
        FirstByteMilliseconds = 1.25,
        TokenUsage = new TokenUsage(1, 2, 3, 4, 5),
        ToolUsages = [new ToolUsage("c1", "t", null), new ToolUsage(null, "t", "{\n}")],
    };
}
