using System.Net.Sockets;
using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>Speaks HTTP by hand, for requests that no proper client would send.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    private NetworkStream Stream => _client.GetStream();

    public static async Task<RawHttp> ConnectAsync(string url)
    {
        var raw = new RawHttp();
        var uri = new Uri(url);
        await raw._client.ConnectAsync(uri.Host, uri.Port, Timeouts.Token);
        return raw;
    }

    /// <summary>Sends one request and reads until the server closes; the request should ask for that.</summary>
    public static async Task<string> ExchangeAsync(string url, string request)
    {
        using var raw = await ConnectAsync(url);
        await raw.SendAsync(request);
        return await raw.ReadToEndAsync();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes, Timeouts.Token);

    /// <summary>Reads until the text so far holds this one.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            var read = await Stream.ReadAsync(_buffer, Timeouts.Token);
            Assert.True(read > 0, $"The server closed after: {text}");
            text.Append(Encoding.UTF8.GetString(_buffer, 0, read));
        }

        return text.ToString();
    }

    public async Task<string> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        try
        {
            for (int read; (read = await Stream.ReadAsync(_buffer, Timeouts.Token)) > 0;)
            {
                all.Write(_buffer, 0, read);
            }
        }
        catch (IOException) when (all.Length > 0)
        {
            // Reset after the reply: what was read counts.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>Cuts the connection as a crashed client would.</summary>
    public void Reset()
    {
        _client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();
}
