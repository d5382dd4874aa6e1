namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>A folder of transcripts: the API that they speak, and the provider that speaks it, under a name that says nothing of its vendor.</summary>
internal sealed record TranscriptDialect(string Folder, string Path, string ProviderType, string Provider)
{
    private static readonly TranscriptDialect[] All =
    [
        new("anthropic", "/v1/messages", "anthropic", "team-a"),
        new("openai-chat", "/v1/chat/completions", "openai", "team-b"),
        new("openai-responses", "/v1/responses", "openai", "team-b"),
    ];

    public string Key => $"sk-key-of-{Provider}-0123456789";

    public static TranscriptDialect Of(TranscriptFile file) =>
        Array.Find(All, dialect => file.Name.StartsWith(dialect.Folder + "/", StringComparison.Ordinal)) ?? throw file.Error("is in a folder of no known API");
}
