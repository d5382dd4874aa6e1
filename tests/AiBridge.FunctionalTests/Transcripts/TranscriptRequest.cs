using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>What the client of a transcript sends: a JSON body, or a whole request that begins with its method.</summary>
internal sealed record TranscriptRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    private const string StreamMember = ",\"stream\":true";

    /// <summary>It brings a credential of its own, so the virtual key goes into a header of its own.</summary>
    public bool OwnCredential => Headers.Any(header => header.Name is "Authorization" or "x-api-key");

    /// <param name="file">Where the section is.</param>
    /// <param name="dialect">Decides where a mere body goes.</param>
    /// <param name="mode">A body that is meant for both modes is told to stream for one of them.</param>
    public static TranscriptRequest Read(TranscriptFile file, TranscriptDialect dialect, string mode)
    {
        if (!file.TryGet("request", mode, out var bytes, out var section))
        {
            throw file.Error($"has no request for {mode}");
        }

        var request = bytes is [(byte)'{', ..] ? new TranscriptRequest("POST", dialect.Path, [], bytes) : ReadWhole(file, section, bytes);
        return section == "request" && mode == Transcript.Streaming && request.Method == "POST" ? request with { Body = Streaming(file, section, request.Body) } : request;
    }

    private static TranscriptRequest ReadWhole(TranscriptFile file, string section, byte[] bytes)
    {
        var raw = RawMessage.Parse(file, section, bytes);
        return raw.FirstLine.Split(' ') is [var method, ['/', ..] target]
            ? new TranscriptRequest(method, target, raw.Headers, raw.Body)
            : throw file.Error(section, $"is neither a JSON object nor a request with a first line like 'POST /v1/messages': {raw.FirstLine}");
    }

    private static byte[] Streaming(TranscriptFile file, string section, byte[] body)
    {
        var text = Encoding.Latin1.GetString(body);
        if (text.Contains("\"stream\"", StringComparison.Ordinal))
        {
            throw file.Error(section, "says itself whether it streams, so it must be named for one mode");
        }

        return Encoding.Latin1.GetBytes(text.Insert(text.LastIndexOf('}'), StreamMember));
    }
}
