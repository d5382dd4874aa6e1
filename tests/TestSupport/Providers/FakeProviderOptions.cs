using System.Security.Cryptography.X509Certificates;

namespace Trinity.TestSupport.Providers;

/// <summary>How a <see cref="FakeProvider"/> is started.</summary>
public sealed record FakeProviderOptions
{
    /// <summary>Loopback port; 0 picks a free one.</summary>
    public int Port { get; init; }

    /// <summary>Speaks TLS with it.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>With TLS: HTTP/2 instead of HTTP/1.1.</summary>
    public bool Http2 { get; init; }

    /// <summary>Off for load, where a record of every request would fill the memory.</summary>
    public bool RecordsRequests { get; init; } = true;

    /// <summary>Off where a test looks at <see cref="FakeProvider.Violations"/> itself.</summary>
    public bool VerifiesOnDispose { get; init; } = true;
}
