using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>A worker in memory. A question while another is open, or any use of it after its end, is remembered as a violation.</summary>
/// <remarks>One holder at a time writes and reads, which is what <c>_open</c> and <c>_isReading</c> prove by <c>Interlocked</c>.</remarks>
internal sealed class FakeWorkerProcess(FakeWorkers workers, string home, int number) : IWorkerProcess
{
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FakeQuestion? _open;
    private int _disposed;

    public string Home => home;

    public int Number => number;

    public bool InputIsClosed { get; private set; }

    public bool WasKilled { get; private set; }

    public bool IsDisposed => Volatile.Read(ref _disposed) > 0;

    public Task Exited
    {
        get
        {
            workers.OnExitedRead?.Invoke(this);
            return _exited.Task;
        }
    }

    public Task WriteLineAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_exited.Task.IsCompleted || workers.RefusesInput)
        {
            throw new IOException("Broken pipe");
        }

        var question = new FakeQuestion(this, WorkerProtocol.ReadRequest(line.ToArray())!);
        if (IsDisposed || Interlocked.CompareExchange(ref _open, question, null) is not null)
        {
            workers.Violated($"worker {number} of {home} was asked {question.Id} while it was busy, or no more");
        }

        workers.Asked(question);
        return Task.CompletedTask;
    }

    public async Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var open = Volatile.Read(ref _open) ?? throw new InvalidOperationException("Nothing was asked.");
        await Task.WhenAny(open.Answered, _exited.Task).WaitAsync(cancellationToken);
        var line = open.Answered.IsCompleted ? await open.Answered : null;
        Interlocked.Exchange(ref _open, null);
        return line;
    }

    /// <summary>Ends by itself, as a crash would.</summary>
    public void Exit() => _exited.TrySetResult();

    public void CloseInput()
    {
        InputIsClosed = true;
        if (workers.HeedsEndOfInput)
        {
            Exit();
        }

        workers.Changed();
    }

    public void Kill()
    {
        WasKilled = true;
        Exit();
        workers.Changed();
    }

    public void Dispose()
    {
        if (Interlocked.Increment(ref _disposed) > 1 || !_exited.Task.IsCompleted)
        {
            workers.Violated($"worker {number} of {home} was disposed of twice, or alive");
        }

        workers.Changed();
    }
}
