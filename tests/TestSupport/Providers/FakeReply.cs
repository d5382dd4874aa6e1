using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Text;

namespace Trinity.TestSupport.Providers;

/// <summary>What the <see cref="FakeProvider"/> answers: head, body in pieces, their timing, and how it ends.</summary>
/// <remarks>Immutable, so one reply may serve many requests; only its gates have state, so a gated reply serves one.</remarks>
public sealed partial record FakeReply
{
    public int Status { get; init; } = 200;

    public ImmutableList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body; each piece is written and flushed on its own (one HTTP chunk when <see cref="Chunked"/>).</summary>
    public ImmutableList<ReadOnlyMemory<byte>> Pieces { get; init; } = [];

    /// <summary>Chunked transfer coding instead of a Content-Length.</summary>
    public bool Chunked { get; init; }

    /// <summary>Must be released once before the status line goes out.</summary>
    public FakeGate? HeadGate { get; init; }

    /// <summary>Must be released once per piece; the head goes out before.</summary>
    public FakeGate? Gate { get; init; }

    /// <summary>The pause before each piece, for load; the head goes out before.</summary>
    public TimeSpan Pace { get; init; }

    public FakeEnding Ending { get; init; }

    /// <summary>After how many body bytes <see cref="Ending"/> strikes; null = after all pieces.</summary>
    public int? EndAfterBytes { get; init; }

    /// <summary>False for a connection that ends before the status line.</summary>
    public bool SendsHead { get; init; } = true;

    internal Func<WebSocket, CancellationToken, Task>? WebSocketHandler { get; init; }

    internal Func<Stream, CancellationToken, Task>? BodyWriter { get; init; }

    /// <summary>The whole body as the client should receive it (before any fault).</summary>
    public byte[] BodyBytes() => [.. Pieces.SelectMany(piece => piece.ToArray())];

    public string BodyText() => Encoding.UTF8.GetString(BodyBytes());

    public FakeReply WithStatus(int status) => this with { Status = status };

    /// <summary>Adds a header; a second one of the same name is sent as a second line.</summary>
    public FakeReply WithHeader(string name, string value) => this with { Headers = Headers.Add(KeyValuePair.Create(name, value)) };

    /// <summary>Holds the whole reply, head included, until the gate is released once.</summary>
    public FakeReply HeldBy(FakeGate gate) => this with { HeadGate = gate };

    /// <summary>Sends the head at once and each piece when the gate is released.</summary>
    public FakeReply GatedBy(FakeGate gate) => this with { Gate = gate };

    /// <summary>Sends the head at once and each piece after a pause.</summary>
    public FakeReply PacedBy(TimeSpan pause) => this with { Pace = pause };

    /// <summary>Resets the TCP connection after so many body bytes.</summary>
    public FakeReply ResetAfter(int bodyBytes) => this with { Ending = FakeEnding.Reset, EndAfterBytes = bodyBytes };

    /// <summary>Closes the connection after so many body bytes (all when null) without finishing the body.</summary>
    public FakeReply TruncatedAfter(int? bodyBytes = null) =>
        this with { Ending = FakeEnding.Truncate, EndAfterBytes = bodyBytes, Chunked = Chunked || bodyBytes is null };

    /// <summary>Sends so many body bytes (all when null) and then nothing more, with the body unfinished.</summary>
    public FakeReply HangingAfter(int? bodyBytes = null) =>
        this with { Ending = FakeEnding.Hang, EndAfterBytes = bodyBytes, Chunked = Chunked || bodyBytes is null };
}
