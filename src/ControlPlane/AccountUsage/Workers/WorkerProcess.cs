using System.ComponentModel;
using System.Diagnostics;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>A worker's process. Nothing but its pipe tells it that we are gone, so no thread of ours matters to it, and no crash leaves it behind.</summary>
internal sealed class WorkerProcess : IWorkerProcess
{
    private static readonly byte[] LineEnd = [(byte)'\n'];

    private readonly Process _process;
    private readonly Stream _input;
    private readonly BoundedLineReader _lines;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _errors;

    /// <param name="process">Started, its three pipes redirected.</param>
    public WorkerProcess(Process process)
    {
        _process = process;
        _input = process.StandardInput.BaseStream; // not the writer, whose flush when it closes could meet a write that was given up
        _lines = new BoundedLineReader(process.StandardOutput.BaseStream, WorkerProtocol.LongestLine);
        _errors = DiscardAsync(process.StandardError.BaseStream, _disposed.Token);
        Exited = process.WaitForExitAsync(CancellationToken.None);
    }

    public int Id => _process.Id;

    public Task Exited { get; }

    public async Task WriteLineAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        await _input.WriteAsync((byte[])[.. line.Span, .. LineEnd], cancellationToken);
        await _input.FlushAsync(cancellationToken);
    }

    public Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken) => _lines.ReadLineAsync(cancellationToken);

    public void CloseInput()
    {
        try
        {
            _input.Dispose();
        }
        catch (IOException)
        {
            // It reads no more, and so is ending.
        }
    }

    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is Win32Exception or AggregateException or InvalidOperationException)
        {
            // It, or something that it started, ended while we looked.
        }
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _process.StandardOutput.BaseStream.Dispose();
        _process.StandardError.BaseStream.Dispose();
        _process.Dispose();
        _ = _errors.Exception; // it has nothing to say
        _disposed.Dispose();
    }

    // A full pipe would stop the worker. What it writes there is nobody's: it could quote a credential.
    private static async Task DiscardAsync(Stream errors, CancellationToken cancellationToken)
    {
        try
        {
            await errors.CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of it.
        }
    }
}
