namespace Trinity.ControlPlane.Containers;

/// <summary>The body of a reply that has no end yet. Reading it fails with <see cref="EngineException"/> alone, or with the caller's cancellation.</summary>
internal sealed class EngineStream : IAsyncDisposable
{
    private readonly EngineCall _call;
    private readonly HttpResponseMessage _reply;
    private readonly Stream _body;

    private EngineStream(EngineCall call, HttpResponseMessage reply, Stream body) => (_call, _reply, _body) = (call, reply, body);

    public static async Task<EngineStream> OpenAsync(EngineCall call, HttpResponseMessage reply)
    {
        try
        {
            return new EngineStream(call, reply, await call.RunAsync(reply.Content.ReadAsStreamAsync));
        }
        catch
        {
            reply.Dispose();
            throw;
        }
    }

    /// <returns>How many bytes came; 0 at the end.</returns>
    public Task<int> ReadAsync(Memory<byte> buffer) => _call.RunAsync(token => _body.ReadAsync(buffer, token).AsTask());

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _reply.Dispose();
        _call.Dispose();
    }
}
