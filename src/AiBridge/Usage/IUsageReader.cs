namespace Trinity.AiBridge.Usage;

/// <summary>Reads what one reply consumed, as its bytes pass by. Used by one request on one thread at a time.</summary>
/// <remarks>A reader never throws on what a provider sends: what it cannot read is unknown, not zero.</remarks>
internal interface IUsageReader
{
    /// <summary>Null as long as the provider has not said.</summary>
    TokenUsage? Usage { get; }

    IReadOnlyList<ToolUsage> Tools { get; }

    /// <summary>Whether the stream came to its proper end.</summary>
    bool Finished { get; }

    /// <summary>The provider's error type, when it reported an error inside the reply.</summary>
    string? Error { get; }

    /// <summary>One server-sent event.</summary>
    void OnEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data);

    /// <summary>A whole JSON reply.</summary>
    void OnBody(ReadOnlyMemory<byte> json);
}
