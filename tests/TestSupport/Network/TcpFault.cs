namespace Trinity.TestSupport.Network;

/// <summary>What a <see cref="TcpFaultProxy"/> does to the bytes that come through.</summary>
public sealed record TcpFault
{
    /// <summary>Relays everything at once.</summary>
    public static TcpFault None { get; } = new();

    /// <summary>Holds everything back, as if the packets were lost; what was held goes on when the fault changes.</summary>
    public static TcpFault Blackhole { get; } = new() { Holds = true };

    /// <summary>Resets (RST) every connection, present and new.</summary>
    public static TcpFault Reset { get; } = new() { CutsAfter = 0, CutsByReset = true };

    /// <summary>Closes (FIN) every connection, present and new.</summary>
    public static TcpFault Close { get; } = new() { CutsAfter = 0 };

    internal bool Holds { get; private init; }

    internal TimeSpan Latency { get; private init; }

    internal int? BytesPerSecond { get; private init; }

    internal long? CutsAfter { get; private init; }

    internal bool CutsByReset { get; private init; }

    /// <summary>Relays each read only after a pause.</summary>
    public static TcpFault Delay(TimeSpan latency) => new() { Latency = latency };

    /// <summary>Relays no more than so many bytes a second in each direction of a connection.</summary>
    public static TcpFault Throttle(int bytesPerSecond) => new() { BytesPerSecond = bytesPerSecond };

    /// <summary>Closes (FIN) a connection when so many bytes have gone from server to client since the fault was set.</summary>
    public static TcpFault CutAfter(long bytes) => new() { CutsAfter = bytes };

    /// <summary>Resets (RST) a connection when so many bytes have gone from server to client since the fault was set.</summary>
    public static TcpFault ResetAfter(long bytes) => new() { CutsAfter = bytes, CutsByReset = true };
}
