namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>The checked-in transcripts, which this assembly carries.</summary>
internal static class TranscriptLibrary
{
    private const string Prefix = "Fixtures/";

    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(TranscriptLibrary).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal),
    ];

    public static Transcript Load(string name)
    {
        using var stream = typeof(TranscriptLibrary).Assembly.GetManifestResourceStream(Prefix + name) ?? throw new FileNotFoundException($"There is no transcript {name}.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Transcript.Parse(name, bytes.ToArray());
    }
}
