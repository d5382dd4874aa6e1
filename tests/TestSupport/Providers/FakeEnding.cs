namespace Trinity.TestSupport.Providers;

/// <summary>How a reply of the fake provider ends.</summary>
public enum FakeEnding
{
    /// <summary>As HTTP wants it; the connection stays usable.</summary>
    Complete,

    /// <summary>The TCP connection is reset (RST).</summary>
    Reset,

    /// <summary>The connection is closed (FIN) although the body is not finished.</summary>
    Truncate,

    /// <summary>Nothing more is sent until the client leaves.</summary>
    Hang,
}
