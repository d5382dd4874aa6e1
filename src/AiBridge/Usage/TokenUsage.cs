namespace Trinity.AiBridge.Usage;

/// <summary>Tokens of one exchange. Input is net of cache reads and writes; reasoning is part of output.</summary>
internal sealed record TokenUsage(long Input, long Output, long CacheRead, long CacheWrite, long Reasoning)
{
    public long Total => Input + Output + CacheRead + CacheWrite;
}

/// <summary>A tool that the model chose to call.</summary>
/// <param name="CallId">The provider's id of the call.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Input">The arguments as the model wrote them, cut to <see cref="MaxInputLength"/>; null when none were seen or they are not recorded.</param>
internal sealed record ToolUsage(string? CallId, string Tool, string? Input)
{
    public const int MaxInputLength = 64 * 1024; // characters
}
