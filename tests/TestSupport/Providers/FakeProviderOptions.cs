namespace Trinity.TestSupport.Providers;

/// <summary>How a <see cref="FakeProvider"/> is started.</summary>
public sealed record FakeProviderOptions
{
    /// <summary>Loopback port; 0 picks a free one.</summary>
    public int Port { get; init; }

    /// <summary>Off for load, where a record of every request would fill the memory.</summary>
    public bool RecordsRequests { get; init; } = true;

    /// <summary>Off where a test looks at <see cref="FakeProvider.Violations"/> itself.</summary>
    public bool VerifiesOnDispose { get; init; } = true;
}
