using System.Text;

namespace Trinity.AiBridge.Tests.Forwarding;

/// <summary>Reads a stream as YARP does: first with an empty buffer, to wait, then with a real one.</summary>
internal static class StreamReading
{
    /// <summary>The next bytes, or an empty text at the end.</summary>
    public static async Task<string> NextAsync(this Stream stream, int bufferSize = 4096, CancellationToken cancellationToken = default)
    {
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, cancellationToken).AsTask().WaitAsync(Timeouts.Default, CancellationToken.None));
        var buffer = new byte[bufferSize];
        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(Timeouts.Default, CancellationToken.None));
    }

    public static async Task<string> ToEndAsync(this Stream stream, int bufferSize = 4096)
    {
        using var all = new MemoryStream();
        var buffer = new byte[bufferSize];
        while (true)
        {
            Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, Timeouts.Token));
            var read = await stream.ReadAsync(buffer, Timeouts.Token);
            if (read == 0)
            {
                return Encoding.UTF8.GetString(all.ToArray());
            }

            all.Write(buffer, 0, read);
        }
    }
}
