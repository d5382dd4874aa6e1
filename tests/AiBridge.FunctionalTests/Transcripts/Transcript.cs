namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>One behaviour on the wire: a request, the provider's reply streamed and in one piece, and what the bridge must make of them.</summary>
internal sealed class Transcript
{
    public const string Streaming = "streaming";
    public const string NonStreaming = "non-streaming";

    private static readonly string[] BothModes = [Streaming, NonStreaming];

    private static readonly HashSet<string> Sections =
    [
        .. BothModes,
        .. new[] { "request", "upstream", "client", "expected" }.SelectMany(section => BothModes.Select(mode => $"{section} {mode}").Append(section)),
    ];

    private readonly TranscriptFile _file;

    private Transcript(TranscriptFile file)
    {
        _file = file;
        Dialect = TranscriptDialect.Of(file);
        Modes = [.. BothModes.Where(file.Has)];
    }

    public TranscriptDialect Dialect { get; }

    public IReadOnlyList<string> Modes { get; }

    /// <exception cref="FormatException">Says what is wrong, and where.</exception>
    public static Transcript Parse(string name, byte[] bytes)
    {
        var file = TranscriptFile.Parse(name, bytes);
        if (file.SectionNames.FirstOrDefault(section => !Sections.Contains(section)) is { } unknown)
        {
            throw file.Error(unknown, $"is none of: {string.Join(", ", Sections.Order(StringComparer.Ordinal))}");
        }

        var transcript = new Transcript(file);
        return transcript.Modes.Count > 0 ? transcript : throw file.Error("has no reply, neither streaming nor non-streaming");
    }

    public TranscriptExchange In(string mode)
    {
        var request = TranscriptRequest.Read(_file, Dialect, mode);
        var reply = TranscriptReply.Read(_file, mode);
        return new TranscriptExchange(
            request,
            _file.TryGet("upstream", mode, out var upstream, out _) ? upstream : request.Body,
            reply,
            _file.TryGet("client", mode, out var client, out _) ? client : reply.Body,
            ExpectedRecord.Read(_file, mode));
    }
}

/// <summary>A transcript in one of its modes.</summary>
/// <param name="Request">What the client sends.</param>
/// <param name="UpstreamBody">What must arrive at the provider, byte for byte.</param>
/// <param name="Reply">What the provider answers.</param>
/// <param name="ClientBody">What must arrive at the client, byte for byte.</param>
/// <param name="Expected">What must be recorded.</param>
internal sealed record TranscriptExchange(TranscriptRequest Request, byte[] UpstreamBody, TranscriptReply Reply, byte[] ClientBody, ExpectedRecord Expected);
