using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Reads a reply as it arrives.</summary>
internal sealed class ArrivingReply(HttpResponseMessage reply) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly StringBuilder _seen = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public string Seen => _seen.ToString();

    /// <summary>Reads until exactly this text has arrived.</summary>
    public async Task WhenSeenAsync(string text)
    {
        while (_seen.Length < text.Length && await ReadAsync())
        {
        }

        Assert.Equal(text, Seen);
    }

    /// <summary>Reads until what has arrived holds this text.</summary>
    public async Task WhenContainsAsync(string text)
    {
        while (!Seen.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(await ReadAsync(), $"The reply ended after: {Seen}");
        }
    }

    public async Task<string> ToEndAsync()
    {
        while (await ReadAsync())
        {
        }

        return Seen;
    }

    public void Dispose() => reply.Dispose();

    private async Task<bool> ReadAsync()
    {
        var stream = await reply.Content.ReadAsStreamAsync(Timeouts.Token);
        var read = await stream.ReadAsync(_buffer, Timeouts.Token);
        var characters = new char[_buffer.Length];
        _seen.Append(characters, 0, _decoder.GetChars(_buffer, 0, read, characters, 0));
        return read > 0;
    }
}
